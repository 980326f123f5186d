#pragma once

#include <vector>

#include "common/ids.h"
#include "common/result_store.h"
#include "common/sqlite_db.h"
#include "common/status.h"

namespace tymbal {

/// Writes the table top_method. Runs inside the transaction of its caller.
Status WriteSqliteRanking(SqliteDb& db, RunId run, const std::vector<RankedMethod>& ranking);

}  // namespace tymbal
