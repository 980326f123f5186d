#pragma once

#include <cstdint>

#include "common/ids.h"
#include "common/sqlite_db.h"
#include "common/status.h"

namespace tymbal {

/// Ranks the methods of a run that is about to be published (method_ranking.h) and writes the table
/// top_method. Runs inside the transaction of its caller.
Status RankSqliteMethods(SqliteDb& db, RunId run, int64_t period_start_ms);

}  // namespace tymbal
