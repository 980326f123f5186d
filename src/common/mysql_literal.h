#pragma once

#include <string>
#include <string_view>

namespace tymbal {

/// Appends bytes as a literal X'..': immune to quotes, backslash modes and character sets.
void AppendMysqlBytes(std::string_view bytes, std::string* sql);

/// Returns the same.
std::string MysqlBytes(std::string_view bytes);

}  // namespace tymbal
