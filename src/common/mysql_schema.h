#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/mysql_db.h"
#include "common/status.h"

namespace tymbal {

/// Returns the number of the last migration that was applied, 0 for an empty database.
Result<int64_t> ReadMysqlSchemaVersion(MysqlDb& db);

/// Errors: kInvalidArgument, with the cure, unless the schema is exactly the one that this build
/// knows.
Status CheckMysqlSchema(MysqlDb& db);

/// Applies what is missing, in order; one at a time in the whole cluster. Returns how many were
/// applied. A migration that was cut off half-way is applied again: its statements may run twice.
/// Errors: kInvalidArgument for a newer schema.
Result<int64_t> MigrateMysql(MysqlDb& db, int64_t now_ms);

/// Splits a migration into its statements; comments are left out.
std::vector<std::string> SplitSql(std::string_view sql);

}  // namespace tymbal
