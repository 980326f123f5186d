#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/arena.h"

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

/// Returns nothing when `token` is no number of JSON's grammar (NaN, +1, 01 and 0x1 are none).
inline std::optional<JsonNumber> ParseNumber(std::string_view token) {
  constexpr size_t kFittingDigits = 19;  // Always less than 2^64.
  if (token.empty() || token.size() > kFittingDigits || token.front() == '0') {
    return ParseUnusualNumber(token);
  }
  uint64_t magnitude = 0;
  for (const char c : token) {
    const auto digit = static_cast<unsigned char>(c - '0');
    if (digit > 9) return ParseUnusualNumber(token);
    magnitude = 10 * magnitude + digit;
  }
  return JsonNumber{true, false, magnitude, static_cast<double>(magnitude)};
}

}  // namespace tymbal::worker
