#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tymbal {

/// What DecodeCodePoint returns for bytes that are no UTF-8.
inline constexpr char32_t kReplacementCharacter = 0xFFFD;

/// Reads one code point of `text` at `*position` and moves past it. Names are held as UTF-8 in
/// which a lone surrogate (it can come from a JSON escape) stands as its three generalised bytes ED
/// A0..BF 80..BF; it is returned as that surrogate. Any other ill-formed sequence gives U+FFFD once
/// for each maximal subpart (Unicode 15, section 3.9, as Java, Python and browsers do). REQUIRES:
/// *position < text.size().
char32_t DecodeCodePoint(std::string_view text, size_t* position);

/// Appends `code_point` in (generalised) UTF-8. REQUIRES: code_point <= 0x10FFFF.
void AppendCodePoint(char32_t code_point, std::string* out);

/// Returns `text` so that it can't harm a terminal or hide something: control characters, the
/// separators and direction marks of Unicode, zero-width characters and lone surrogates become
/// visible escapes such as \x1b or \u202e, ill-formed bytes U+FFFD. A backslash stays as it is.
std::string Printable(std::string_view text);

/// Returns the columns that `printable` takes on a terminal: 2 for wide East Asian characters and
/// emoji, 0 for combining marks, else 1.
size_t DisplayWidth(std::string_view printable);

/// Returns `text` as a JSON string literal with its quotes. Lone surrogates become \ud8xx escapes,
/// so that the exact name survives; ill-formed bytes become U+FFFD.
std::string JsonQuote(std::string_view text);

}  // namespace tymbal
