#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/text.h"

namespace tymbal::generate {

/// A value of a JSON object without nesting: `type` is 's', 'n' or 'b' (string, number, boolean).
struct FlatValue {
  char type = 0;
  std::string text;  ///< Of a string: unescaped.
};
using FlatObject = std::map<std::string, FlatValue, std::less<>>;

/// A strict parser of what the generator may write: small, and shares no code with it but UTF-8.
class FlatJsonParser {
 public:
  /// Returns nullopt unless `line` is one object of strings, numbers and booleans, in UTF-8,
  /// without blanks and without a key that occurs twice.
  static std::optional<FlatObject> Parse(std::string_view line) {
    FlatJsonParser parser(line);
    FlatObject object;
    if (!parser.Eat('{')) return std::nullopt;
    do {
      const std::optional<std::string> key = parser.String();
      if (!key || !parser.Eat(':')) return std::nullopt;
      const std::optional<FlatValue> value = parser.Value();
      if (!value || !object.emplace(*key, *value).second) return std::nullopt;
    } while (parser.Eat(','));
    if (!parser.Eat('}') || !parser.rest_.empty()) return std::nullopt;
    return object;
  }

 private:
  explicit FlatJsonParser(std::string_view line) : rest_(line) {}

  bool Eat(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<std::string> String() {
    if (!Eat('"')) return std::nullopt;
    std::string text;
    while (!rest_.empty() && rest_[0] != '"') {
      if (Eat('\\')) {
        if (!rest_.starts_with('"') && !rest_.starts_with('\\')) return std::nullopt;
        text += rest_[0];
        rest_.remove_prefix(1);
        continue;
      }
      size_t bytes = 0;
      const char32_t c = DecodeCodePoint(rest_, &bytes);
      if (c < 0x20 || c == kReplacementCharacter) return std::nullopt;
      text += rest_.substr(0, bytes);
      rest_.remove_prefix(bytes);
    }
    if (!Eat('"')) return std::nullopt;
    return text;
  }

  std::optional<FlatValue> Value() {
    if (rest_.starts_with('"')) {
      const std::optional<std::string> text = String();
      if (!text) return std::nullopt;
      return FlatValue{'s', *text};
    }
    const std::string token(rest_.substr(0, rest_.find_first_of(",}")));
    rest_.remove_prefix(token.size());
    if (token == "true" || token == "false") return FlatValue{'b', token};
    if (token.empty() || token.find_first_not_of("-.0123456789") != std::string::npos) {
      return std::nullopt;
    }
    return FlatValue{'n', token};
  }

  std::string_view rest_;
};

}  // namespace tymbal::generate
