#pragma once

#include <optional>
#include <vector>

#include "common/report_source.h"
#include "common/sqlite_db.h"

namespace tymbal {

// The queries of ReportSource on a SQLite store; see there. Each reads one snapshot.

Result<std::vector<StatReportRow>> ReadSqliteStats(SqliteDb& db, const StatQuery& query);
Result<std::vector<SlowReportRow>> ReadSqliteSlowCalls(SqliteDb& db, const RowFilter& filter,
                                                       size_t limit);
Result<std::vector<PeriodReportRow>> ReadSqlitePeriods(SqliteDb& db, int64_t from_ms,
                                                       int64_t to_ms);
Result<std::optional<int64_t>> ReadSqliteLastPublishedStart(SqliteDb& db);

}  // namespace tymbal
