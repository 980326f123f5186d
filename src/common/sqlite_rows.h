#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "common/endpoint_stat.h"
#include "common/ids.h"
#include "common/row_owner.h"
#include "common/sqlite_db.h"
#include "common/status.h"

namespace tymbal {

// The tables endpoint, endpoint_stat and slow_call of a SQLite store. All functions here run inside
// the transaction of their caller.

/// Writes rows that result_check.h has passed, with their endpoints and slow calls. Errors:
/// kInternal when a row's endpoint_id belongs to other names, or the run has the row already.
Status WriteSqliteRows(SqliteDb& db, const RowOwner& owner, std::span<const StatRow> rows);

/// See ResultStore::VisitMethodRows.
Status VisitSqliteMethodRows(SqliteDb& db, RunId run, int64_t period_start_ms,
                             const std::function<Status(const StatRow&)>& visit);

/// The columns of a row's numbers, all but the histogram, for a table of the alias s.
inline constexpr std::string_view kSqliteStatColumns =
    "s.calls, s.errors, s.satisfied, s.tolerating, s.duration_sum_us, s.duration_sumsq,"
    " s.min_us, s.max_us, s.p50_us, s.p75_us, s.p90_us, s.p95_us, s.p99_us, s.p999_us, s.exact";
inline constexpr int kSqliteStatColumnCount = 15;

/// Reads the columns kSqliteStatColumns, of which the first is column `first`.
EndpointStat ReadSqliteStat(const SqliteStatement& row, int first);

/// An id is stored as the two's complement of its 64 bits: SQLite has no unsigned integers.
int64_t StoredEndpointId(uint64_t endpoint_id);
uint64_t EndpointIdOfStored(int64_t stored);

}  // namespace tymbal
