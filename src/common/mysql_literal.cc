#include "common/mysql_literal.h"

#include <cstddef>

namespace tymbal {

void AppendMysqlBytes(std::string_view bytes, std::string* sql) {
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
