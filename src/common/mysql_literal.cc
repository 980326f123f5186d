#include "common/mysql_literal.h"

#include <cstddef>

namespace tymbal {

namespace {

/// Characters that need no escape in any mode or character set: what most ids and names consist of.
bool IsPlain(std::string_view bytes) {
  for (const char c : bytes) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '/' || c == ' ' || c == ':';
    if (!plain) return false;
  }
  return true;
}

}  // namespace

void AppendMysqlBytes(std::string_view bytes, std::string* sql) {
  if (IsPlain(bytes)) {
    sql->append("'").append(bytes).push_back('\'');
    return;
  }
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  sql->append("X'");
  const size_t start = sql->size();
  sql->resize(start + 2 * bytes.size());
  char* out = sql->data() + start;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *out++ = kDigits[byte >> 4];
    *out++ = kDigits[byte & 15];
  }
  sql->push_back('\'');
}

std::string MysqlBytes(std::string_view bytes) {
  std::string sql;
  AppendMysqlBytes(bytes, &sql);
  return sql;
}

}  // namespace tymbal
