#include "report/table.h"

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "common/text.h"

namespace tymbal::report {
namespace {

constexpr std::string_view kEllipsis = "…";
constexpr size_t kGap = 2;       // Blanks between columns.
constexpr size_t kMarksMax = 4;  // Combining marks that are shown on one character.

/// A character with its combining marks.
struct Glyph {
  std::string_view bytes;
  size_t width;
};

/// Splits a text into glyphs. More than kMarksMax marks are dropped: heaps of them cover other
/// lines.
std::vector<Glyph> SplitGlyphs(std::string_view text) {
  std::vector<Glyph> glyphs;
  size_t marks = 0;
  for (size_t position = 0; position < text.size();) {
    const size_t start = position;
    DecodeCodePoint(text, &position);
    const std::string_view bytes = text.substr(start, position - start);
    const size_t width = DisplayWidth(bytes);
    if (width > 0) {
      marks = 0;
      glyphs.push_back({bytes, width});
    } else if (++marks <= kMarksMax) {
      if (glyphs.empty()) glyphs.push_back({text.substr(0, 0), 0});
      Glyph& last = glyphs.back();
      last.bytes = {last.bytes.data(), last.bytes.size() + bytes.size()};
    }
  }
  return glyphs;
}

/// Returns how many glyphs from `first` in steps of 1 fit into `width`.
template <typename Iterator>
Iterator EndOfFit(Iterator first, Iterator last, size_t width) {
  while (first != last && first->width <= width) {
    width -= first->width;
    ++first;
  }
  return first;
}

std::string Padded(const std::string& text, size_t width, Align align) {
  const std::string blanks(width - std::min(width, DisplayWidth(text)), ' ');
  return align == Align::kLeft ? text + blanks : blanks + text;
}

std::string_view ColourOf(Tone tone) {
  switch (tone) {
    case Tone::kPlain:
      return "";
    case Tone::kWarning:
      return "\x1b[33m";
    case Tone::kBad:
      return "\x1b[31m";
  }
  return "";
}

/// Returns widths of at most `wanted` that sum to at most `space`: the small ones are granted, the
/// large ones share the rest evenly.
std::vector<size_t> Share(const std::vector<size_t>& wanted, size_t space) {
  std::vector<size_t> order(wanted.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&wanted](size_t a, size_t b) { return wanted[a] < wanted[b]; });
  std::vector<size_t> widths(wanted.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t fair = space / (order.size() - i);
    widths[order[i]] = std::min(wanted[order[i]], fair);
    space -= widths[order[i]];
  }
  return widths;
}

/// Moves to `lines` what of `text` doesn't fit into the last one, broken at blanks if it can be.
void AppendWords(std::string_view text, size_t width, std::vector<std::string>* lines) {
  while (DisplayWidth(text) > width) {
    const std::vector<Glyph> glyphs = SplitGlyphs(text);
    const auto fit = EndOfFit(glyphs.begin(), glyphs.end(), width);
    const auto fit_bytes = static_cast<size_t>(fit->bytes.data() - text.data());
    const size_t blank = text.substr(0, fit_bytes + 1).rfind(' ');
    const bool at_blank = blank != std::string_view::npos && blank > 0;
    lines->emplace_back(text.substr(0, at_blank ? blank : fit_bytes));
    text.remove_prefix(at_blank ? blank + 1 : fit_bytes);
  }
  lines->emplace_back(text);
}

}  // namespace

std::string FitText(std::string_view printable, size_t width) {
  TYMBAL_CHECK(width > 0, "a column has a width");
  const std::vector<Glyph> glyphs = SplitGlyphs(printable);
  std::string text;
  const auto append = [&text](auto first, auto last) {
    for (; first != last; ++first) text += first->bytes;
  };
  if (EndOfFit(glyphs.begin(), glyphs.end(), width) == glyphs.end()) {
    append(glyphs.begin(), glyphs.end());
    return text;
  }
  const size_t head = width / 2;
  append(glyphs.begin(), EndOfFit(glyphs.begin(), glyphs.end(), head));
  text += kEllipsis;
  append(EndOfFit(glyphs.rbegin(), glyphs.rend(), width - 1 - std::min(head, width - 1)).base(),
         glyphs.end());
  return text;
}

std::vector<std::string> WrapParts(const std::vector<std::string>& parts, size_t width) {
  width = std::max<size_t>(width, 2);  // Room for any one character.
  std::vector<std::string> lines;
  for (const std::string& part : parts) {
    if (!lines.empty() && DisplayWidth(lines.back()) + 2 + DisplayWidth(part) <= width) {
      lines.back() += "; " + part;
    } else {
      AppendWords(part, width, &lines);
    }
  }
  return lines;
}

void Table::AddRow(std::vector<Cell> cells) {
  TYMBAL_CHECK(cells.size() == columns_.size(), "a row has one cell per column");
  for (size_t i = 0; i < cells.size(); ++i) {
    cells[i].text = Printable(cells[i].text);
    if (!columns_[i].shrinks) cells[i].text = FitText(cells[i].text, kFixedWidthMax);
  }
  rows_.push_back(std::move(cells));
}

std::vector<size_t> Table::UsedColumns() const {
  std::vector<size_t> used;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const bool empty = std::all_of(rows_.begin(), rows_.end(),
                                   [i](const auto& row) { return row[i].text.empty(); });
    if (!columns_[i].optional || !empty) used.push_back(i);
  }
  return used;
}

std::vector<size_t> Table::NaturalWidths() const {
  std::vector<size_t> widths(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    widths[i] = DisplayWidth(columns_[i].title);
    for (const auto& row : rows_) widths[i] = std::max(widths[i], DisplayWidth(row[i].text));
  }
  return widths;
}

std::vector<Table::Slot> Table::Layout(size_t width) const {
  const std::vector<size_t> natural = NaturalWidths();
  std::vector<size_t> kept = UsedColumns();

  const auto total = [&](size_t text_width) {
    size_t sum = kept.empty() ? 0 : (kept.size() - 1) * kGap;
    for (const size_t i : kept) {
      sum += columns_[i].shrinks ? std::min(natural[i], text_width) : natural[i];
    }
    return sum;
  };
  const auto drop_while_too_wide = [&](size_t text_width, int importance_limit) {
    while (total(text_width) > width) {
      const auto least = std::min_element(kept.begin(), kept.end(), [this](size_t a, size_t b) {
        return columns_[a].importance < columns_[b].importance;
      });
      if (least == kept.end() || columns_[*least].importance >= importance_limit) return;
      kept.erase(least);
    }
  };
  drop_while_too_wide(kTextWidthGood, Column::kEssential);
  drop_while_too_wide(kTextWidthMin, Column::kAlways);

  std::vector<size_t> wanted;  // Of the columns that must share what is left.
  size_t space = width - std::min(width, kept.empty() ? 0 : (kept.size() - 1) * kGap);
  const bool all_share = total(kTextWidthMin) > width;
  for (const size_t i : kept) {
    if (columns_[i].shrinks || all_share) {
      wanted.push_back(natural[i]);
    } else {
      space -= natural[i];
    }
  }
  const std::vector<size_t> shares = Share(wanted, space);
  std::vector<Slot> slots;
  auto share = shares.begin();
  for (const size_t i : kept) {
    const bool shared = columns_[i].shrinks || all_share;
    slots.push_back({i, std::max<size_t>(shared ? *share++ : natural[i], 1)});
  }
  return slots;
}

void Table::WriteLine(const std::vector<Slot>& slots, const std::vector<Cell>& cells, bool title,
                      bool colour, std::ostream& out) const {
  std::string line;
  for (size_t i = 0; i < slots.size(); ++i) {
    const Cell& cell = cells[slots[i].column];
    const Align align = columns_[slots[i].column].align;
    std::string text = Padded(FitText(cell.text, slots[i].width), slots[i].width, align);
    if (i + 1 == slots.size()) text.erase(text.find_last_not_of(' ') + 1);
    const std::string_view start = !colour ? "" : title ? "\x1b[1m" : ColourOf(cell.tone);
    if (i > 0) line.append(kGap, ' ');
    line += start;
    line += text;
    if (!start.empty()) line += "\x1b[0m";
  }
  if (!colour) line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

std::vector<std::string> Table::Write(size_t width, bool colour, std::ostream& out) const {
  const std::vector<Slot> slots = Layout(std::max(width, kWidthMin));
  std::vector<Cell> titles;
  std::vector<std::string> left_out;
  for (const Column& column : columns_) titles.push_back({column.title});
  for (const size_t i : UsedColumns()) {
    if (std::none_of(slots.begin(), slots.end(), [i](Slot slot) { return slot.column == i; })) {
      left_out.push_back(columns_[i].title);
    }
  }
  WriteLine(slots, titles, /*title=*/true, colour, out);
  for (const auto& row : rows_) WriteLine(slots, row, /*title=*/false, colour, out);
  return left_out;
}

}  // namespace tymbal::report
