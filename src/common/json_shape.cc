#include "common/json_shape.h"

#include <algorithm>
#include <cstddef>

#include "common/load_word.h"

namespace tymbal {
namespace {

constexpr size_t kObjectBytesMax = 8 * 1024;

/// Reads up to 7 bytes behind both.
bool SameBytes(const char* a, const char* b, size_t size) {
  if (size >= kWordBytes) return SameWords(a, b, size);
  return size == 0 || (LoadWord(a) ^ LoadWord(b)) << (64 - 8 * size) == 0;
}

/// Whether a byte with a mark begins a word, not a string, and is no bracket, comma or colon.
bool BeginsWord(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-'; }

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
    const size_t size = offset + quotes - begin;
    shape.pieces_.push_back({static_cast<uint32_t>(shape.text_.size()), static_cast<uint32_t>(size),
                             static_cast<uint32_t>(mark + 1), static_cast<uint32_t>(next - end),
                             static_cast<uint32_t>(quotes), static_cast<uint32_t>(offset)});
    shape.text_ += text.substr(begin, size);
    begin = end;
  }
  if (shape.pieces_.size() > kValuesMax) return std::nullopt;
  shape.last_begin_ = static_cast<uint32_t>(shape.text_.size());
  shape.last_size_ = static_cast<uint32_t>(text.size() - begin);
  shape.text_ += text.substr(begin);
  shape.has_line_ends_ = shape.text_.find('\n') != std::string::npos;
  shape.text_.resize(shape.text_.size() + kWordBytes);
  return shape;
}

/// Where the text is the same, so are the marks in it. A value with other blanks behind it than the
/// shape has ends elsewhere than it seems, and so has other text behind it, or no room for itself.
bool JsonShape::Match(const MarkedJson& object, std::string_view* values) const {
  if (object.marks.size() < marks_) return false;
  const char* at = object.text.data();
  const char* const end = at + object.text.size();
  for (const Piece& piece : pieces_) {
    if (end - at < static_cast<std::ptrdiff_t>(piece.size)) return false;
    if (!SameBytes(at, text_.data() + piece.begin, piece.size)) return false;
    const char* const value = at + piece.size;  // Without its quote.
    const char* const next = object.base + object.marks[piece.next_mark];
    if (next - value < static_cast<std::ptrdiff_t>(piece.behind)) return false;
    at = next - piece.behind;
    if (piece.quotes == 0 && (!BeginsWord(*value) || IsBlank(at[-1]))) return false;
    *values++ = {value - piece.quotes, static_cast<size_t>(at - value) + 2 * piece.quotes};
  }
  return end - at == static_cast<std::ptrdiff_t>(last_size_) &&
         SameBytes(at, text_.data() + last_begin_, last_size_);
}

std::optional<size_t> JsonShape::ValueAt(size_t offset) const {
  const auto found = std::find_if(pieces_.begin(), pieces_.end(), [offset](const Piece& piece) {
    return piece.value_offset == offset;
  });
  if (found == pieces_.end()) return std::nullopt;
  return static_cast<size_t>(found - pieces_.begin());
}

}  // namespace tymbal
