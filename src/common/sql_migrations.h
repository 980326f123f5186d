#pragma once

#include <span>
#include <string_view>

namespace tymbal {

/// One numbered step of a store's schema: a file of sql/, embedded by cmake/embed_sql.cmake.
struct Migration {
  int number;  ///< 1, 2, ... without gap.
  std::string_view name;
  std::string_view sql;
};

/// Returns sql/sqlite/*.sql in order; never empty.
std::span<const Migration> SqliteMigrations();
/// Returns sql/mysql/*.sql in order; never empty.
std::span<const Migration> MysqlMigrations();

}  // namespace tymbal
