#include "worker/record_shape.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace tymbal::worker {
namespace {

constexpr size_t kRecordBytesMax = 8 * 1024;
constexpr size_t kWordBytes = sizeof(uint64_t);

constexpr auto kInWord = [] {
  std::array<bool, 256> table{};
  for (const char c :
       std::string_view("+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")) {
    table[static_cast<uint8_t>(c)] = true;
  }
  return table;
}();

bool IsInWord(char c) { return kInWord[static_cast<uint8_t>(c)]; }

uint64_t Load(const char* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, kWordBytes);
  return word;
}

/// Reads up to 7 bytes behind both.
bool SameBytes(const char* a, const char* b, size_t size) {
  for (; size >= kWordBytes; size -= kWordBytes, a += kWordBytes, b += kWordBytes) {
    if (Load(a) != Load(b)) return false;
  }
  return size == 0 || (Load(a) ^ Load(b)) << (64 - 8 * size) == 0;
}

constexpr uint64_t Repeat(uint64_t byte) { return byte * 0x0101010101010101U; }
constexpr uint64_t kHighBits = Repeat(0x80);

/// The high bits of the bytes of `word` that are less than `limit`: exact up to the first of them
/// ("Bit Twiddling Hacks", hasless). REQUIRES: limit <= 128.
constexpr uint64_t Below(uint64_t word, uint64_t limit) {
  return (word - Repeat(limit)) & ~word & kHighBits;
}

/// Returns the closing quote of a string whose text begins at `at`, or nullptr: it ends too late,
/// or a backslash or a control character comes before. Sets high bits in `*high` if it has bytes
/// above 127.
const char* EndOfString(const char* at, const char* end, uint64_t* high) {
  static_assert(std::endian::native == std::endian::little);
  for (; at < end; at += kWordBytes) {
    const uint64_t word = Load(at);
    const uint64_t stops =
        Below(word ^ Repeat('"'), 1) | Below(word ^ Repeat('\\'), 1) | Below(word, ' ');
    if (stops == 0) {
      *high |= word & kHighBits;
      continue;
    }
    const int bits = std::countr_zero(stops);  // 8 * bytes + 7
    *high |= word & kHighBits & ((uint64_t{1} << bits) - 1);
    at += bits / 8;
    return at < end && *at == '"' ? at : nullptr;
  }
  return nullptr;
}

const char* EndOfWord(const char* at, const char* end) {
  while (at < end && IsInWord(*at)) ++at;
  return at;
}

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
  uint64_t high = 0;
  for (const Piece& piece : pieces_) {
    if (static_cast<size_t>(end - at) < piece.size ||
        !SameBytes(at, text_.data() + piece.begin, piece.size)) {
      return false;
    }
    at += piece.size;
    if (piece.value == Value::kNone) break;
    const bool is_string = piece.value == Value::kString;
    const char* const stop = is_string ? EndOfString(at, end, &high) : EndOfWord(at, end);
    if (stop == nullptr || (!is_string && stop == at)) return false;
    const char* const begin = is_string ? at - 1 : at;
    *values++ = {begin, static_cast<size_t>(stop - begin) + (is_string ? 1 : 0)};
    at = stop;
  }
  return at == end && (high == 0 || simdjson::validate_utf8(record.data(), record.size()));
}

std::optional<size_t> RecordShape::ValueAt(size_t offset) const {
  const auto found = std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
    return piece.value_offset == offset && piece.value != Value::kNone;
  });
  if (found == pieces_.end()) return std::nullopt;
  return static_cast<size_t>(found - pieces_.begin());
}

}  // namespace tymbal::worker
