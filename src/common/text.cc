#include "common/text.h"

#include <array>
#include <cstdio>

namespace tymbal {
namespace {

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/// The lead byte decides how many bytes follow and which range the first of them may have: the
/// table 3-7 of Unicode 15, but for the surrogates (lead ED), which are let through.
struct Lead {
  int following;
  unsigned char second_min;
  unsigned char second_max;
};

Lead LeadOf(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {0, 0, 0};
}

/// Characters that are invisible, or that change how their neighbours are shown.
bool IsDeceptive(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xAD || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xD800 && c <= 0xDFFF) || (c >= 0xE0000 && c <= 0xE0FFF);
}

bool IsWide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
         (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1F64F) ||
         (c >= 0x1F680 && c <= 0x1F6FF) || (c >= 0x1F900 && c <= 0x1FAFF) ||
         (c >= 0x20000 && c <= 0x3FFFD);
}

bool IsCombining(char32_t c) {
  return (c >= 0x300 && c <= 0x36F) || (c >= 0x1AB0 && c <= 0x1AFF) ||
         (c >= 0x1DC0 && c <= 0x1DFF) || (c >= 0x20D0 && c <= 0x20FF) ||
         (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xFE20 && c <= 0xFE2F);
}

void AppendEscape(const char* format, char32_t c, std::string* out) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, static_cast<unsigned>(c));
  *out += buffer.data();
}

}  // namespace

char32_t DecodeCodePoint(std::string_view text, size_t* position) {
  const auto byte_at = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte_at((*position)++);
  if (first < 0x80) return first;
  const Lead lead = LeadOf(first);
  if (lead.following == 0) return kReplacementCharacter;
  char32_t code_point = first & (0x3Fu >> lead.following);
  for (int i = 0; i < lead.following; ++i) {
    if (*position == text.size()) return kReplacementCharacter;
    const unsigned char byte = byte_at(*position);
    const bool fits =
        i == 0 ? byte >= lead.second_min && byte <= lead.second_max : IsContinuation(byte);
    if (!fits) return kReplacementCharacter;
    // ED A0..BF starts a surrogate only if a third byte follows; without it each byte stands alone,
    // as for a decoder that knows no surrogates.
    if (first == 0xED && i == 0 && byte >= 0xA0 &&
        (*position + 1 == text.size() || !IsContinuation(byte_at(*position + 1)))) {
      return kReplacementCharacter;
    }
    code_point = (code_point << 6) | (byte & 0x3Fu);
    ++*position;
  }
  return code_point;
}

void AppendCodePoint(char32_t code_point, std::string* out) {
  const auto put = [out](char32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t position = 0; position < text.size();) {
    const char32_t c = DecodeCodePoint(text, &position);
    if (!IsDeceptive(c)) {
      AppendCodePoint(c, &out);
    } else if (c < 0x100) {
      AppendEscape("\\x%02x", c, &out);
    } else {
      AppendEscape("\\u%04x", c, &out);
    }
  }
  return out;
}

size_t DisplayWidth(std::string_view printable) {
  size_t width = 0;
  for (size_t position = 0; position < printable.size();) {
    const char32_t c = DecodeCodePoint(printable, &position);
    width += IsCombining(c) ? 0 : IsWide(c) ? 2 : 1;
  }
  return width;
}

std::string JsonQuote(std::string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  for (size_t position = 0; position < text.size();) {
    const char32_t c = DecodeCodePoint(text, &position);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(c));
    } else if (c < 0x20 || c == 0x7F || (c >= 0xD800 && c <= 0xDFFF)) {
      AppendEscape("\\u%04x", c, &out);
    } else {
      AppendCodePoint(c, &out);
    }
  }
  out.push_back('"');
  return out;
}

}  // namespace tymbal
