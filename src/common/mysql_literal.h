#pragma once

#include <string>
#include <string_view>

namespace tymbal {

/// Appends bytes as a literal that is immune to quotes, backslash modes and character sets: '..'
/// where they are a few plain characters of ASCII, as most ids are, else X'..'.
void AppendMysqlBytes(std::string_view bytes, std::string* sql);

/// Returns the same.
std::string MysqlBytes(std::string_view bytes);

}  // namespace tymbal
