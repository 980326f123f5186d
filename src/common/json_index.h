#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "common/status.h"

namespace tymbal {

/// Bytes that must be readable (with any content) behind a text: it is read in blocks.
inline constexpr size_t kJsonPadding = 64;

/// Whether a byte is one of those that may stand between the tokens of JSON.
inline bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// Where in a text each bracket, comma and colon stands that is not in a string, and each first
/// byte of a string (its quote) and of a word (a number, true, false, null): a mark. Found by
/// simdjson's first stage, many bytes at a time. The text may hold several JSON values, one behind
/// the other. Thread: confined to one.
class JsonIndex {
 public:
  JsonIndex();
  ~JsonIndex();
  JsonIndex(JsonIndex&&) noexcept;
  JsonIndex& operator=(JsonIndex&&) noexcept;

  /// Indexes a text, and checks that it is UTF-8, that its strings end, and that no control
  /// characters are in them. Keeps its memory from text to text. REQUIRES: kJsonPadding readable
  /// bytes behind it. Errors: kBadInput.
  Status Build(std::string_view text);

  /// Returns the offsets of the marks, ascending; none after an error. Behind the last one stands
  /// the size of the text.
  std::span<const uint32_t> marks() const { return marks_; }

 private:
  struct Stage;  // Keeps simdjson out of this header: it is 30,000 lines.

  std::unique_ptr<Stage> stage_;
  std::span<const uint32_t> marks_;
};

/// Says which parts of a text have a backslash. Looks at each byte once, many at a time, so it is
/// asked for one part after the other. Thread: confined to one.
class EscapeFinder {
 public:
  EscapeFinder() = default;
  explicit EscapeFinder(std::string_view text) : next_(text.data()), end_(next_ + text.size()) {
    Find();
  }

  /// REQUIRES: the part doesn't begin before those that were asked for earlier.
  bool IsIn(std::string_view part) {
    if (next_ < part.data()) {
      next_ = part.data();
      Find();
    }
    return next_ < part.data() + part.size();
  }

 private:
  void Find();

  const char* next_ = nullptr;  // The next backslash, or end_.
  const char* end_ = nullptr;
};

/// A JSON value within an indexed text.
struct MarkedJson {
  std::string_view text;                 ///< From its first to its last byte.
  const char* base = nullptr;            ///< Where the indexed text begins.
  std::span<const uint32_t> marks = {};  ///< From its first mark on, perhaps beyond its end.
  bool may_have_escapes = true;          ///< Some string in it; or nobody has looked.

  /// Returns the byte that a mark stands at. REQUIRES: mark < marks.size().
  char At(size_t mark) const { return base[marks[mark]]; }
};

/// Returns the number of marks from the one numbered `first` to the end of the value that begins
/// there; 0 if it doesn't end. Looks at brackets only, not at what is between them.
size_t CountMarks(const char* base, std::span<const uint32_t> marks, size_t first);

}  // namespace tymbal
