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

/// Returns nothing when `token` is no number of JSON's grammar (NaN, +1, 01 and 0x1 are none).
std::optional<JsonNumber> ParseNumber(std::string_view token);

inline constexpr uint64_t kDigitZeros = 0x3030303030303030;  ///< The text "00000000".

/// Returns whether all bytes of a word are digits.
inline bool AreDigits(uint64_t word) {
  constexpr uint64_t kHigh = 0xF0F0F0F0F0F0F0F0;
  constexpr uint64_t kTenToSixteen = 0x0606060606060606;  // What is above 9 goes over.
  return (((word ^ kDigitZeros) | ((word + kTenToSixteen) ^ kDigitZeros)) & kHigh) == 0;
}

/// Returns the number that a word's digits are, the first one lowest. REQUIRES: AreDigits(digits).
/// (Lemire: "Quickly parsing eight digits".)
inline uint64_t EightDigits(uint64_t digits) {
  digits -= kDigitZeros;
  digits = digits * 10 + (digits >> 8);  // Pairs, in every second byte.
  constexpr uint64_t kMask = 0x000000FF000000FF;
  return ((digits & kMask) * 0x000F424000000064 + ((digits >> 16) & kMask) * 0x0000271000000001) >>
         32;
}

/// Returns the first 1 to 8 digits of a word behind zeros.
inline uint64_t LeadingDigits(uint64_t word, size_t count) {
  const size_t unused_bits = 8 * (kWordBytes - count);
  return word << unused_bits | (kDigitZeros & ((uint64_t{1} << unused_bits) - 1));
}

/// Reads the usual number: 1 to 16 digits, the first not 0. Returns nothing for all others.
/// REQUIRES: 7 readable bytes behind it.
inline std::optional<uint64_t> ParseDigits(std::string_view token) {
  const size_t size = token.size();
  if (size == 0 || size > 2 * kWordBytes || token.front() == '0') return std::nullopt;
  const size_t leading = size <= kWordBytes ? size : size - kWordBytes;
  const uint64_t high = LeadingDigits(LoadWord(token.data()), leading);
  if (!AreDigits(high)) return std::nullopt;
  if (size == leading) return EightDigits(high);
  const uint64_t low = LoadWord(token.data() + leading);
  if (!AreDigits(low)) return std::nullopt;
  return 100'000'000 * EightDigits(high) + EightDigits(low);
}

}  // namespace tymbal::worker
