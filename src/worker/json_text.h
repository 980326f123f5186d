#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/arena.h"
#include "common/load_word.h"

namespace tymbal::worker {

/// Interprets tokens of a JSON document that a parser has found but not looked into.

/// Returns the text between the quotes of a string token with its escapes resolved: `content`
/// itself where it has none, else a text in `arena`. A lone surrogate escape becomes three bytes
/// (see DecodeCodePoint). Returns nothing for an escape that JSON doesn't have.
std::optional<std::string_view> Unescape(std::string_view content, Arena* arena);

/// A JSON number: an integer where it is written as one and fits, else a floating point number.
struct JsonNumber {
  bool is_integer = false;
  bool negative = false;   ///< Its sign; -0 is not negative.
  uint64_t magnitude = 0;  ///< Of an integer; saturated at 2^64 - 1.
  double real = 0;         ///< Of all; infinite when it is too large.
};

/// ParseNumber() of what isn't a short row of digits.
std::optional<JsonNumber> ParseUnusualNumber(std::string_view token);

/// Reads eight digits at once: `digits` are their bytes, the first one lowest. Returns nothing when
/// one is no digit. (Lemire: "Quickly parsing eight digits".)
inline std::optional<uint32_t> EightDigits(uint64_t digits) {
  constexpr uint64_t kZeros = 0x3030303030303030;
  constexpr uint64_t kHigh = 0xF0F0F0F0F0F0F0F0;
  if ((digits & kHigh) != kZeros || ((digits + 0x0606060606060606) & kHigh) != kZeros) {
    return std::nullopt;
  }
  digits -= kZeros;
  digits = digits * 10 + (digits >> 8);  // Pairs, in every second byte.
  constexpr uint64_t kMask = 0x000000FF000000FF;
  return static_cast<uint32_t>(
      ((digits & kMask) * 0x000F424000000064 + ((digits >> 16) & kMask) * 0x0000271000000001) >>
      32);
}

/// Returns nothing when `token` is no number of JSON's grammar (NaN, +1, 01 and 0x1 are none).
inline std::optional<JsonNumber> ParseNumber(std::string_view token) {
  constexpr size_t kFittingDigits = 19;  // Always less than 2^64.
  if (token.empty() || token.size() > kFittingDigits || token.front() == '0') {
    return ParseUnusualNumber(token);
  }
  uint64_t magnitude = 0;
  const char* at = token.data();
  const char* const end = at + token.size();
  for (; end - at >= 8; at += kWordBytes) {
    const auto digits = EightDigits(LoadWord(at));
    if (!digits) return ParseUnusualNumber(token);
    magnitude = 100'000'000 * magnitude + *digits;
  }
  for (; at < end; ++at) {
    const auto digit = static_cast<unsigned char>(*at - '0');
    if (digit > 9) return ParseUnusualNumber(token);
    magnitude = 10 * magnitude + digit;
  }
  return JsonNumber{true, false, magnitude, static_cast<double>(magnitude)};
}

}  // namespace tymbal::worker
