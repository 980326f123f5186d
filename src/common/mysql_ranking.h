#pragma once

#include <cstdint>
#include <vector>

#include "common/ids.h"
#include "common/mysql_db.h"
#include "common/result_store.h"
#include "common/status.h"

namespace tymbal {

/// Writes the table top_method. Runs inside the transaction of its caller.
Status WriteMysqlRanking(MysqlDb& db, RunId run, int64_t period_start_ms,
                         const std::vector<RankedMethod>& ranking);

}  // namespace tymbal
