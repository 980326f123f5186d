#include "worker/json_text.h"

#include <charconv>
#include <cstring>
#include <limits>
#include <string>

#include "common/text.h"

namespace tymbal::worker {
namespace {

std::optional<uint32_t> HexDigits4(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  uint32_t number = 0;
  for (const char c : text.substr(0, 4)) {
    uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<uint32_t>(c - 'A' + 10);
    } else {
      return std::nullopt;
    }
    number = number << 4 | digit;
  }
  return number;
}

bool IsHigh(uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool IsLow(uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

/// Reads the escape whose backslash has been read, moves `rest` past it, and appends what it means.
bool AppendEscaped(std::string_view* rest, std::string* out) {
  if (rest->empty()) return false;
  const char c = rest->front();
  rest->remove_prefix(1);
  switch (c) {
    case '"':
    case '\\':
    case '/':
      out->push_back(c);
      return true;
    case 'b':
      out->push_back('\b');
      return true;
    case 'f':
      out->push_back('\f');
      return true;
    case 'n':
      out->push_back('\n');
      return true;
    case 'r':
      out->push_back('\r');
      return true;
    case 't':
      out->push_back('\t');
      return true;
    case 'u':
      break;
    default:
      return false;
  }
  const auto unit = HexDigits4(*rest);
  if (!unit) return false;
  rest->remove_prefix(4);
  if (IsHigh(*unit) && rest->starts_with("\\u")) {
    if (const auto low = HexDigits4(rest->substr(2)); low && IsLow(*low)) {
      rest->remove_prefix(6);
      AppendCodePoint(0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00), out);
      return true;
    }
  }
  AppendCodePoint(*unit, out);
  return true;
}

size_t CountDigits(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  return count;
}

/// Returns the length of the fraction and exponent that `text` starts with; nothing if they are
/// cut.
std::optional<size_t> FractionAndExponent(std::string_view text) {
  size_t length = 0;
  if (text.starts_with('.')) {
    const size_t digits = CountDigits(text.substr(1));
    if (digits == 0) return std::nullopt;
    length = 1 + digits;
  }
  if (length < text.size() && (text[length] == 'e' || text[length] == 'E')) {
    ++length;
    if (length < text.size() && (text[length] == '+' || text[length] == '-')) ++length;
    const size_t digits = CountDigits(text.substr(length));
    if (digits == 0) return std::nullopt;
    length += digits;
  }
  return length;
}

}  // namespace

std::optional<std::string_view> Unescape(std::string_view content, Arena* arena) {
  if (std::memchr(content.data(), '\\', content.size()) == nullptr) return content;
  std::string out;
  std::string_view rest = content;
  while (!rest.empty()) {
    const size_t plain = std::min(rest.find('\\'), rest.size());
    out += rest.substr(0, plain);
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    rest.remove_prefix(1);
    if (!AppendEscaped(&rest, &out)) return std::nullopt;
  }
  char* bytes = arena->Allocate(out.size());
  std::memcpy(bytes, out.data(), out.size());
  return std::string_view(bytes, out.size());
}

std::optional<JsonNumber> ParseNumber(std::string_view token) {
  const bool minus = token.starts_with('-');
  const std::string_view unsigned_part = token.substr(minus ? 1 : 0);
  const size_t digits = CountDigits(unsigned_part);
  if (digits == 0 || (digits > 1 && unsigned_part.front() == '0')) return std::nullopt;

  JsonNumber number;
  if (digits == unsigned_part.size()) {
    number.is_integer = true;
    const auto [end, error] = std::from_chars(
        unsigned_part.data(), unsigned_part.data() + unsigned_part.size(), number.magnitude);
    if (error == std::errc::result_out_of_range) {
      number.magnitude = std::numeric_limits<uint64_t>::max();
    }
    number.negative = minus && number.magnitude != 0;
    number.real = static_cast<double>(number.magnitude) * (minus ? -1 : 1);
    return number;
  }
  const auto length = FractionAndExponent(unsigned_part.substr(digits));
  if (!length || digits + *length != unsigned_part.size()) return std::nullopt;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number.real);
  if (error == std::errc::result_out_of_range) {
    // Either so large that it is infinite, or so small that it is nothing.
    const bool large = unsigned_part.find("e-") == std::string_view::npos &&
                       unsigned_part.find("E-") == std::string_view::npos;
    number.real = large ? std::numeric_limits<double>::infinity() * (minus ? -1 : 1) : 0;
  }
  number.negative = number.real < 0;
  return number;
}

}  // namespace tymbal::worker
