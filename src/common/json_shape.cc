#include "common/json_shape.h"

#include <algorithm>
#include <cstddef>

#include "common/load_word.h"

namespace tymbal {
namespace {

constexpr size_t kObjectBytesMax = 8 * 1024;

/// Reads up to 7 bytes behind both.
bool SameBytes(const char* a, const char* b, size_t size) {
  for (; size > kWordBytes; size -= kWordBytes, a += kWordBytes, b += kWordBytes) {
    if (LoadWord(a) != LoadWord(b)) return false;
  }
  return size == 0 || (LoadWord(a) ^ LoadWord(b)) << (64 - 8 * size) == 0;
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

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
  size_t begin = 0;
  uint32_t since = 0;  // Marks behind the last value.
  const auto append = [&](size_t end, uint32_t blanks, Value value) {
    shape.pieces_.push_back({static_cast<uint32_t>(shape.text_.size()),
                             static_cast<uint32_t>(end - begin), since, blanks, value,
                             static_cast<uint32_t>(end)});
    shape.text_ += text.substr(begin, end - begin);
    since = 0;
  };
  for (size_t mark = 0; mark < marks; ++mark) {
    const size_t offset = offset_of(mark);
    const bool is_string = text[offset] == '"';
    const bool is_key = mark + 1 < marks && object.At(mark + 1) == ':';
    const bool is_fixed = std::find(fixed.begin(), fixed.end(), offset) != fixed.end();
    if (!BeginsWord(text[offset]) && (!is_string || is_key || is_fixed)) {
      ++since;
      continue;
    }
    size_t end = offset_of(mark + 1);
    uint32_t blanks = 0;
    for (; IsBlank(text[end - 1]); --end) ++blanks;
    append(offset, blanks, is_string ? Value::kString : Value::kWord);
    begin = end;
  }
  append(text.size(), 0, Value::kNone);
  if (shape.pieces_.size() > kValuesMax + 1) return std::nullopt;
  shape.text_.resize(shape.text_.size() + kWordBytes);
  return shape;
}

bool JsonShape::Match(const MarkedJson& object, std::string_view* values) const {
  if (object.marks.size() < marks_) return false;
  const uint32_t* mark = object.marks.data();
  const char* const base = object.base;
  const char* at = object.text.data();
  for (const Piece& piece : pieces_) {
    mark += piece.marks;
    // Where the next mark stands: if the text is the same, so are the marks in it.
    const char* const text_end = at + piece.size;
    if (text_end !=
        (piece.value == Value::kNone ? object.text.data() + object.text.size() : base + *mark)) {
      return false;
    }
    if (!SameBytes(at, text_.data() + piece.begin, piece.size)) return false;
    if (piece.value == Value::kNone) break;
    at = base + *++mark - piece.blanks;
    const std::ptrdiff_t size = at - text_end;
    if (piece.value == Value::kString) {
      if (size < 2 || *text_end != '"' || at[-1] != '"') return false;
    } else if (size < 1 || !BeginsWord(*text_end) || IsBlank(at[-1])) {
      return false;
    }
    *values++ = {text_end, static_cast<size_t>(size)};
  }
  return true;
}

std::optional<size_t> JsonShape::ValueAt(size_t offset) const {
  const auto found = std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
    return piece.value_offset == offset && piece.value != Value::kNone;
  });
  if (found == pieces_.end()) return std::nullopt;
  return static_cast<size_t>(found - pieces_.begin());
}

}  // namespace tymbal
