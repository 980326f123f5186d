#include "common/json_shape.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "common/load_word.h"

namespace tymbal {
namespace {

constexpr size_t kObjectBytesMax = 8 * 1024;

/// Which bytes with a mark begin a word (a number, true, false, null).
constexpr std::array<bool, 256> MakeWordStarts() {
  std::array<bool, 256> starts{};
  for (const char c : std::string_view("-0123456789abcdefghijklmnopqrstuvwxyz")) {
    starts[static_cast<uint8_t>(c)] = true;
  }
  return starts;
}
constexpr std::array<bool, 256> kWordStarts = MakeWordStarts();

bool BeginsWord(char c) { return kWordStarts[static_cast<uint8_t>(c)]; }

}  // namespace

std::optional<JsonShape> JsonShape::Of(const MarkedJson& object, const std::vector<size_t>& fixed) {
  const std::string_view text = object.text;
  const size_t marks = CountMarks(object.base, object.marks, 0);
  if (text.size() > kObjectBytesMax || marks == 0) return std::nullopt;
  const auto offset_of = [&](size_t mark) {
    return mark < marks ? object.marks[mark] - static_cast<size_t>(text.data() - object.base)
                        : text.size();
  };
  JsonShape shape;
  shape.marks_ = marks;
  size_t begin = 0;  // Of the text behind the last value.
  for (size_t mark = 0; mark < marks; ++mark) {
    const size_t offset = offset_of(mark);
    const bool is_string = text[offset] == '"';
    const bool is_key = mark + 1 < marks && object.At(mark + 1) == ':';
    const bool is_fixed = std::find(fixed.begin(), fixed.end(), offset) != fixed.end();
    if (!BeginsWord(text[offset]) && (!is_string || is_key || is_fixed)) continue;
    const size_t quotes = is_string ? 1 : 0;
    const size_t next = offset_of(mark + 1);
    size_t end = next;
    while (IsBlank(text[end - 1])) --end;
    end -= quotes;
    shape.pieces_.push_back({shape.Append(text.substr(begin, offset + quotes - begin)),
                             static_cast<uint32_t>(mark + 1), static_cast<uint32_t>(next - end),
                             static_cast<uint32_t>(quotes), static_cast<uint32_t>(offset)});
    begin = end;
  }
  if (shape.pieces_.size() > kValuesMax) return std::nullopt;
  shape.last_ = shape.Append(text.substr(begin));
  shape.has_line_ends_ = shape.text_.find('\n') != std::string::npos;
  shape.text_.resize(shape.text_.size() + kWordBytes);
  return shape;
}

JsonShape::Text JsonShape::Append(std::string_view part) {
  Text text;
  text.word_mask = part.size() < kWordBytes ? (uint64_t{1} << 8 * part.size()) - 1 : ~uint64_t{0};
  text.begin = static_cast<uint32_t>(text_.size());
  text.size = static_cast<uint32_t>(part.size());
  text.last_word = static_cast<uint32_t>(std::max(part.size(), kWordBytes) - kWordBytes);
  text_ += part;
  return text;
}

/// Whether `at` has the text that begins at `known`. One of up to two words is compared without a
/// look at the end: more than that is readable behind every mark, and what reaches beyond the end
/// is found at last.
inline bool JsonShape::IsAt(const char* at, const char* end, const char* known, const Text& text) {
  if (text.size > 2 * kWordBytes) {
    return end - at >= static_cast<std::ptrdiff_t>(text.size) && SameWords(at, known, text.size);
  }
  const uint64_t differ = (LoadWord(at) ^ LoadWord(known)) |
                          (LoadWord(at + text.last_word) ^ LoadWord(known + text.last_word));
  return (differ & text.word_mask) == 0;
}

/// Where the text is the same, so are the marks in it. A value with other blanks behind it than the
/// shape has ends elsewhere than it seems, and so has other text behind it, or no room for itself.
bool JsonShape::Match(const MarkedJson& object, std::string_view* values) const {
  if (object.marks.size() < marks_) return false;
  // Copies, as the compiler must take it that they change with `*values`.
  const char* const known = text_.data();
  const char* const base = object.base;
  const uint32_t* const marks = object.marks.data();
  const char* at = object.text.data();
  const char* const end = at + object.text.size();
  for (const Piece& piece : pieces_) {
    if (!IsAt(at, end, known + piece.text.begin, piece.text)) return false;
    const char* const value = at + piece.text.size;  // Without its quote.
    const char* const next = base + marks[piece.next_mark];
    if (next - value < static_cast<std::ptrdiff_t>(piece.behind)) return false;
    at = next - piece.behind;
    if (piece.quotes == 0 && (!BeginsWord(*value) || IsBlank(at[-1]))) return false;
    *values++ = {value - piece.quotes, static_cast<size_t>(at - value) + 2 * piece.quotes};
  }
  return end - at == static_cast<std::ptrdiff_t>(last_.size) &&
         IsAt(at, end, known + last_.begin, last_);
}

std::optional<size_t> JsonShape::ValueAt(size_t offset) const {
  const auto found = std::find_if(pieces_.begin(), pieces_.end(), [offset](const Piece& piece) {
    return piece.value_offset == offset;
  });
  if (found == pieces_.end()) return std::nullopt;
  return static_cast<size_t>(found - pieces_.begin());
}

}  // namespace tymbal
