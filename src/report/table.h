#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace tymbal::report {

/// Returns `printable` cut to `width` columns of a terminal, with an ellipsis in the middle where
/// something is left out. REQUIRES: width > 0.
std::string FitText(std::string_view printable, size_t width);

/// Returns `parts` joined by "; " in lines of at most `width` columns. A line ends after a part
/// where that is possible, else after a word, else anywhere; never inside a character.
std::vector<std::string> WrapParts(const std::vector<std::string>& parts, size_t width);

enum class Align { kLeft, kRight };
enum class Tone { kPlain, kWarning, kBad };

struct Column {
  std::string title;
  Align align = Align::kRight;
  /// When the table is too wide, the least important column goes first.
  int importance = 0;
  bool shrinks = false;   ///< Its texts may be shortened; else it is shown whole or not at all.
  bool optional = false;  ///< Not shown, nor missed, where all its cells are empty.

  /// More important than this: texts are shortened down to kTextWidthMin before it goes.
  static constexpr int kEssential = 1000;
  static constexpr int kAlways = 2000;  ///< Never left out.
};

struct Cell {
  std::string text;
  Tone tone = Tone::kPlain;
};

/// Lays out cells in columns that fit a width, without ever wrapping a line, however long or
/// hostile the texts are: they are made printable here. Knows colours, but not whether it writes to
/// a terminal. Thread: confined to one.
class Table {
 public:
  static constexpr size_t kWidthMin = 20;       ///< A narrower width is taken as this.
  static constexpr size_t kTextWidthGood = 24;  ///< Texts get so much before numbers do.
  static constexpr size_t kTextWidthMin = 6;    ///< Texts are never shortened below.
  static constexpr size_t kFixedWidthMax = 40;  ///< Longer texts are shortened in any column.

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// REQUIRES: as many cells as columns.
  void AddRow(std::vector<Cell> cells);

  /// Writes the titles and rows, and returns the titles of the columns that didn't fit.
  std::vector<std::string> Write(size_t width, bool colour, std::ostream& out) const;

 private:
  struct Slot {
    size_t column;
    size_t width;
  };

  /// Returns the columns that have something to show.
  std::vector<size_t> UsedColumns() const;
  std::vector<size_t> NaturalWidths() const;
  std::vector<Slot> Layout(size_t width) const;
  void WriteLine(const std::vector<Slot>& slots, const std::vector<Cell>& cells, bool title,
                 bool colour, std::ostream& out) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace tymbal::report
