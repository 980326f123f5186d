#include "worker/record_shape.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace tymbal::worker {
namespace {

constexpr size_t kRecordBytesMax = 8 * 1024;
constexpr size_t kWordBytes = sizeof(uint64_t);

uint64_t Load(const char* bytes) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t word = 0;
  std::memcpy(&word, bytes, kWordBytes);
  return word;
}

/// Reads up to 7 bytes behind both.
bool SameBytes(const char* a, const char* b, size_t size) {
  for (; size > kWordBytes; size -= kWordBytes, a += kWordBytes, b += kWordBytes) {
    if (Load(a) != Load(b)) return false;
  }
  return size == 0 || (Load(a) ^ Load(b)) << (64 - 8 * size) == 0;
}

constexpr uint64_t Repeat(uint64_t byte) { return byte * 0x0101010101010101U; }
constexpr uint64_t kHighBits = Repeat(0x80);

/// The high bits of the bytes that end a number, true, false or null: blanks, quotes, commas,
/// colons and brackets (which are above z, or become so with a bit of lower case letters); exact up
/// to the first of them. Bytes above 127 end it, too.
constexpr uint64_t EndsOfWord(uint64_t word) {
  const uint64_t comma = (word ^ Repeat(',')) - Repeat(1);
  const uint64_t colon = (word ^ Repeat(':')) - Repeat(1);
  const uint64_t blank_or_quote = word - Repeat('"' + 1);
  const uint64_t bracket = (word | Repeat(0x20)) + Repeat(0x80 - '{');
  return (comma | colon | blank_or_quote | bracket | word) & kHighBits;
}

/// Returns the end of a word that begins at `at`, `end` at most.
const char* EndOfWord(const char* at, const char* end) {
  for (; at < end; at += kWordBytes) {
    const uint64_t ends = EndsOfWord(Load(at));
    if (ends != 0) return std::min(at + std::countr_zero(ends) / 8, end);
  }
  return end;
}

/// Returns the first quote, or `end`. The C library looks at many bytes at a time.
const char* FindQuote(const char* at, const char* end) {
  const void* const quote = std::memchr(at, '"', static_cast<size_t>(end - at));
  return quote == nullptr ? end : static_cast<const char*>(quote);
}

/// Returns whether each string ends at its first quote and is none that a parser would refuse:
/// there are no backslashes and no control characters. (Compilers make few instructions of the
/// loop.)
bool IsPlain(std::string_view text) {
  uint8_t least = 0xFF;
  uint8_t high = 0;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    least = std::min(least, byte);
    high |= byte;
  }
  return least >= ' ' && std::memchr(text.data(), '\\', text.size()) == nullptr &&
         (high < 0x80 || simdjson::validate_utf8(text.data(), text.size()));
}

bool IsInWord(char c) { return EndsOfWord(Repeat(static_cast<uint8_t>(c))) == 0; }

size_t EndOfQuoted(std::string_view record, size_t begin) {
  size_t i = begin + 1;
  while (i < record.size() && record[i] != '"') i += record[i] == '\\' ? 2 : 1;
  return std::min(i, record.size());
}

}  // namespace

std::optional<RecordShape> RecordShape::Of(std::string_view record,
                                           const std::vector<size_t>& fixed) {
  if (record.size() > kRecordBytesMax) return std::nullopt;
  RecordShape shape;
  size_t text_begin = 0;
  for (size_t i = 0; i < record.size();) {
    if (record[i] == '"') {
      const size_t end = EndOfQuoted(record, i);
      const size_t next = record.find_first_not_of(" \t\r\n", end + 1);
      const bool is_key = next != std::string_view::npos && record[next] == ':';
      if (!is_key && std::find(fixed.begin(), fixed.end(), i) == fixed.end()) {
        shape.Append(record.substr(text_begin, i + 1 - text_begin), Value::kString, i);
        text_begin = end;
      }
      i = end + 1;
    } else if (IsInWord(record[i])) {
      shape.Append(record.substr(text_begin, i - text_begin), Value::kWord, i);
      while (i < record.size() && IsInWord(record[i])) ++i;
      text_begin = i;
    } else {
      ++i;
    }
  }
  shape.Append(record.substr(std::min(text_begin, record.size())), Value::kNone, record.size());
  if (shape.pieces_.size() > kValuesMax + 1) return std::nullopt;
  shape.text_.resize(shape.text_.size() + kWordBytes);
  return shape;
}

void RecordShape::Append(std::string_view text, Value value, size_t value_offset) {
  pieces_.push_back({static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(text.size()), value,
                     static_cast<uint32_t>(value_offset)});
  text_ += text;
}

bool RecordShape::Match(std::string_view record, Token* values) const {
  const char* at = record.data();
  const char* const end = at + record.size();
  for (const Piece& piece : pieces_) {
    if (static_cast<size_t>(end - at) < piece.size ||
        !SameBytes(at, text_.data() + piece.begin, piece.size)) {
      return false;
    }
    at += piece.size;
    if (piece.value == Value::kNone) break;
    const char* begin = at;
    if (piece.value == Value::kString) {
      at = FindQuote(at, end);
      *values++ = {begin - 1, static_cast<size_t>(at - begin) + 2};
    } else {
      at = EndOfWord(at, end);
      if (at == begin) return false;
      *values++ = {begin, static_cast<size_t>(at - begin)};
    }
  }
  return at == end && IsPlain(record);
}

std::optional<size_t> RecordShape::ValueAt(size_t offset) const {
  const auto found = std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
    return piece.value_offset == offset && piece.value != Value::kNone;
  });
  if (found == pieces_.end()) return std::nullopt;
  return static_cast<size_t>(found - pieces_.begin());
}

}  // namespace tymbal::worker
