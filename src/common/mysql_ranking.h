#pragma once

#include <cstdint>

#include "common/ids.h"
#include "common/mysql_db.h"
#include "common/status.h"

namespace tymbal {

/// top_method. Runs inside the transaction of its caller.
Status RankMysqlMethods(MysqlDb& db, RunId run, int64_t period_start_ms);

}  // namespace tymbal
