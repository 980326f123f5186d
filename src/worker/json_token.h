#pragma once

#include <cstddef>
#include <string_view>

#include "common/coverage.h"
#include "common/json_index.h"

namespace tymbal::worker {

/// A value as it stands in the record, from its first to its last byte; empty when absent or null.
/// For an object or a list only the opening bracket counts.
using Token = std::string_view;

inline Token Trimmed(std::string_view token) {
  while (!token.empty() && IsBlank(token.back())) token.remove_suffix(1);
  return token;
}

inline bool IsString(Token token) {
  return token.size() >= 2 && token.front() == '"' && token.back() == '"';
}
inline bool IsContainer(Token token) { return token.front() == '{' || token.front() == '['; }
inline bool IsLiteral(Token token) { return token == "true" || token == "false"; }

/// Why a token that is no number was not accepted as one.
inline RejectReason NoNumber(Token token) {
  return IsString(token) || IsContainer(token) || IsLiteral(token) ? RejectReason::kWrongType
                                                                   : RejectReason::kMalformed;
}

/// The text that rules compare with: of a string what is in its quotes, of others the token.
inline std::string_view PlainText(Token token) {
  return IsString(token) ? token.substr(1, token.size() - 2) : token;
}

inline bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace tymbal::worker
