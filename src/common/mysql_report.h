#pragma once

#include <optional>
#include <vector>

#include "common/mysql_db.h"
#include "common/report_source.h"

namespace tymbal {

// The queries of ReportSource on a MySQL store; see there. All functions here run inside the
// transaction of their caller, which gives them one snapshot.

Result<std::vector<StatReportRow>> ReadMysqlStats(MysqlDb& db, const StatQuery& query);
Result<std::vector<SlowReportRow>> ReadMysqlSlowCalls(MysqlDb& db, const RowFilter& filter,
                                                      size_t limit);
Result<std::vector<PeriodReportRow>> ReadMysqlPeriods(MysqlDb& db, int64_t from_ms, int64_t to_ms);
Result<std::optional<int64_t>> ReadMysqlLastPublishedStart(MysqlDb& db);

}  // namespace tymbal
