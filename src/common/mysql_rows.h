#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "common/endpoint_stat.h"
#include "common/ids.h"
#include "common/mysql_db.h"
#include "common/row_owner.h"
#include "common/status.h"

namespace tymbal {

// The tables endpoint, endpoint_stat and slow_call of a MySQL store. All functions here run inside
// the transaction of their caller.

/// Writes rows that result_check.h has passed, with their endpoints and slow calls, table by table
/// in the order of the keys. Errors: kInternal when a row's endpoint_id belongs to other names,
/// when the run has the row already, or when the tables refuse a value; names the row.
Status WriteMysqlRows(MysqlDb& db, const RowOwner& owner, std::span<const StatRow> rows);

/// Reads up to `limit` method rows of a run from `first_id` on, in ascending order of their ids.
Result<std::vector<StatRow>> ReadMysqlMethodRows(MysqlDb& db, RunId run, int64_t period_start_ms,
                                                 uint64_t first_id, size_t limit);

/// Deletes up to `limit` rows of numbers, slow calls and ranked methods of a run; returns how many
/// were deleted. Locks nothing of other runs.
Result<uint64_t> DeleteMysqlRows(MysqlDb& db, RunId run, int64_t period_start_ms, size_t limit);

/// The columns of a row's numbers, all but the histogram, for a table of the alias s.
inline constexpr std::string_view kMysqlStatColumns =
    "s.calls, s.errors, s.satisfied, s.tolerating, s.duration_sum_us, s.duration_sumsq,"
    " s.min_us, s.max_us, s.p50_us, s.p75_us, s.p90_us, s.p95_us, s.p99_us, s.p999_us, s.exact";
inline constexpr uint32_t kMysqlStatColumnCount = 15;

/// Reads the columns kMysqlStatColumns, of which the first is column `first`.
EndpointStat ReadMysqlStat(const MysqlRow& row, uint32_t first);

/// Returns the level of that name. Errors: kInternal, for a store that holds something else.
Result<Level> ParseLevel(std::string_view name);

}  // namespace tymbal
