#include "common/mysql_report.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "common/method_ranking.h"
#include "common/mysql_ledger.h"
#include "common/mysql_literal.h"
#include "common/mysql_rows.h"

namespace tymbal {
namespace {

constexpr std::string_view kNameColumns = "e.app, e.service, e.method";

/// Whether the methods of the run r are ranked. Counts: EXISTS would be turned into a join, which
/// some servers begin with the whole table.
std::string IsRanked(SortKey sort) {
  return fmt::format(
      "(SELECT COUNT(*) FROM top_method o WHERE o.period_start = r.period_start"
      " AND o.run_id = r.run_id AND o.sort_key = '{}' AND o.`rank` = 1) = 1",
      SortKeyName(sort));
}

/// The ranked methods t of the run r that a query of `limit` rows needs.
std::string RankedMethodsOf(SortKey sort, size_t limit) {
  return fmt::format(
      "t.period_start = r.period_start AND t.run_id = r.run_id AND t.sort_key = '{}'"
      " AND t.`rank` <= {}",
      SortKeyName(sort), limit);
}

/// What a sort key sorts by, descending. Quotients as DOUBLE: DECIMAL ones have four digits here.
std::string_view ValueOf(SortKey sort) {
  switch (sort) {
    case SortKey::kTime:
    case SortKey::kName:
      return "";
    case SortKey::kCalls:
      return "s.calls";
    case SortKey::kErrors:
      return "s.errors";
    case SortKey::kErrorRate:
      return "s.errors * 1e0 / s.calls";
    case SortKey::kSum:
      return "s.duration_sum_us";
    case SortKey::kMean:
      return "s.duration_sum_us * 1e0 / s.calls";
    case SortKey::kMax:
      return "s.max_us";
    case SortKey::kP50:
      return "s.p50_us";
    case SortKey::kP75:
      return "s.p75_us";
    case SortKey::kP90:
      return "s.p90_us";
    case SortKey::kP95:
      return "s.p95_us";
    case SortKey::kP99:
      return "s.p99_us";
    case SortKey::kP999:
      return "s.p999_us";
  }
  return "";
}

/// All orders end in the columns that make them total: names and period identify a row of a level.
std::string OrderOf(SortKey sort) {
  if (sort == SortKey::kTime) return "r.period_start, e.app, e.service, e.method";
  const std::string_view value = ValueOf(sort);
  return fmt::format("{}{}e.app, e.service, e.method, r.period_start", value,
                     value.empty() ? "" : " DESC, ");
}

std::string ConditionsOf(const RowFilter& filter) {
  std::string sql =
      fmt::format(" r.state = 'published' AND r.period_start >= {} AND r.period_start < {}",
                  filter.from_ms, filter.to_ms);
  if (filter.app.has_value()) sql += " AND e.app = " + MysqlBytes(*filter.app);
  if (filter.service.has_value()) sql += " AND e.service = " + MysqlBytes(*filter.service);
  if (filter.method.has_value()) sql += " AND e.method = " + MysqlBytes(*filter.method);
  return sql;
}

std::string LimitOf(size_t limit) {
  return limit == 0 ? std::string() : fmt::format(" LIMIT {}", limit);
}

std::string StatsSql(const StatQuery& query, RunSelection runs) {
  // Whatever leaves few endpoints goes first; else the rows of the period are read in one sweep.
  const bool few = query.level != Level::kMethod || query.filter.app.has_value();
  std::string_view tables = few ? "run r STRAIGHT_JOIN endpoint e STRAIGHT_JOIN endpoint_stat s"
                                : "run r STRAIGHT_JOIN endpoint_stat s STRAIGHT_JOIN endpoint e";
  std::string conditions = ConditionsOf(query.filter);
  if (runs == RunSelection::kRanked) {
    tables =
        "run r STRAIGHT_JOIN top_method t STRAIGHT_JOIN endpoint_stat s STRAIGHT_JOIN endpoint e";
    conditions +=
        " AND " + RankedMethodsOf(query.sort, query.limit) + " AND s.endpoint_id = t.endpoint_id";
  } else if (runs == RunSelection::kUnranked) {
    conditions += " AND NOT " + IsRanked(query.sort);
  }
  return fmt::format(
      "SELECT r.period_start, r.period_end, e.endpoint_id, {}, {}, {} FROM {} WHERE {}"
      " AND s.period_start = r.period_start AND s.run_id = r.run_id"
      " AND s.endpoint_id = e.endpoint_id AND e.level = '{}' ORDER BY {}{}",
      kNameColumns, kMysqlStatColumns, query.with_histogram ? "s.histogram" : "''", tables,
      conditions, LevelName(query.level), OrderOf(query.sort), LimitOf(query.limit));
}

Result<std::vector<StatReportRow>> ReadStatsOf(MysqlDb& db, const StatQuery& query,
                                               RunSelection runs) {
  std::vector<StatReportRow> rows;
  TYMBAL_RETURN_IF_ERROR(db.Query(StatsSql(query, runs), [&](const MysqlRow& row) {
    StatReportRow& report = rows.emplace_back();
    report.period = {row.Int(0), row.Int(1)};
    report.row.endpoint_id = row.Count(2);
    report.row.level = query.level;
    report.row.name = {row.String(3), row.String(4), row.String(5)};
    report.row.stat = ReadMysqlStat(row, 6);
    report.row.stat.histogram = row.String(6 + kMysqlStatColumnCount);
    return Status::Ok();
  }));
  return rows;
}

/// Whether the ranked methods of the run r have their slowest calls: see ReadBySelection().
std::string HasRankedCalls(size_t limit) {
  return fmt::format(
      "({} AND (SELECT COUNT(*) FROM top_method t LEFT JOIN slow_call o ON o.run_id = t.run_id"
      " AND o.endpoint_id = t.endpoint_id AND o.`rank` = 1 AND o.period_start = t.period_start"
      " WHERE {} AND o.run_id IS NULL) = 0)",
      IsRanked(SortKey::kMax), RankedMethodsOf(SortKey::kMax, limit));
}

std::string SlowCallsSql(const RowFilter& filter, size_t limit, RunSelection runs) {
  std::string_view tables = filter.app.has_value()
                                ? "run r STRAIGHT_JOIN endpoint e STRAIGHT_JOIN slow_call c"
                                : "run r STRAIGHT_JOIN slow_call c STRAIGHT_JOIN endpoint e";
  std::string conditions = ConditionsOf(filter);
  if (runs == RunSelection::kRanked) {
    tables = "run r STRAIGHT_JOIN top_method t STRAIGHT_JOIN slow_call c STRAIGHT_JOIN endpoint e";
    conditions += " AND " + HasRankedCalls(limit) + " AND " +
                  RankedMethodsOf(SortKey::kMax, limit) + " AND c.endpoint_id = t.endpoint_id";
  } else if (runs == RunSelection::kUnranked) {
    conditions += " AND NOT " + HasRankedCalls(limit);
  }
  return fmt::format(
      "SELECT r.period_start, r.period_end, {}, c.duration_us, c.start_ms, c.error, c.trace_id,"
      " c.span_id FROM {} WHERE {} AND c.run_id = r.run_id AND c.period_start = r.period_start"
      " AND c.endpoint_id = e.endpoint_id AND e.level = 'method' ORDER BY c.duration_us DESC,"
      " e.app, e.service, e.method, r.period_start, c.`rank`{}",
      kNameColumns, tables, conditions, LimitOf(limit));
}

Result<std::vector<SlowReportRow>> ReadSlowCallsOf(MysqlDb& db, const RowFilter& filter,
                                                   size_t limit, RunSelection runs) {
  std::vector<SlowReportRow> rows;
  TYMBAL_RETURN_IF_ERROR(db.Query(SlowCallsSql(filter, limit, runs), [&rows](const MysqlRow& row) {
    SlowReportRow& report = rows.emplace_back();
    report.period = {row.Int(0), row.Int(1)};
    report.name = {row.String(2), row.String(3), row.String(4)};
    report.call = {.duration_us = row.Count(5),
                   .start_ms = row.Int(6),
                   .error = row.Int(7) != 0,
                   .trace_id = row.String(8),
                   .span_id = row.String(9)};
    return Status::Ok();
  }));
  return rows;
}

/// The run that counts for its period: as in the view report_period.
constexpr std::string_view kCountingRun =
    "r.run_id = (SELECT o.run_id FROM run o WHERE o.period_start = r.period_start"
    " ORDER BY FIELD(o.state, 'published', 'open', 'failed', 'superseded'), o.attempt DESC"
    " LIMIT 1)";

}  // namespace

Result<std::vector<StatReportRow>> ReadMysqlStats(MysqlDb& db, const StatQuery& query) {
  return ReadBySelection(query, [&](RunSelection runs) { return ReadStatsOf(db, query, runs); });
}

Result<std::vector<SlowReportRow>> ReadMysqlSlowCalls(MysqlDb& db, const RowFilter& filter,
                                                      size_t limit) {
  return ReadBySelection(
      filter, limit, [&](RunSelection runs) { return ReadSlowCallsOf(db, filter, limit, runs); });
}

Result<std::vector<PeriodReportRow>> ReadMysqlPeriods(MysqlDb& db, int64_t from_ms, int64_t to_ms) {
  const std::string in_range =
      fmt::format("r.period_start >= {} AND r.period_start < {}", from_ms, to_ms);
  std::vector<PeriodReportRow> rows;
  std::map<RunId, size_t> row_of;
  TYMBAL_RETURN_IF_ERROR(db.Query(
      fmt::format(
          "SELECT r.period_start, r.period_end, r.run_id, r.attempt, r.state, r.reason,"
          " (SELECT SUM(f.spans_expected) FROM fragment f WHERE f.run_id = r.run_id),"
          " (SELECT SUM(f.spans_read) FROM fragment f WHERE f.run_id = r.run_id), r.unplaced,"
          " (SELECT SUM(f.calls) FROM fragment f WHERE f.run_id = r.run_id), r.source,"
          " r.published_ms FROM run r WHERE {} AND {} ORDER BY r.period_start",
          in_range, kCountingRun),
      [&](const MysqlRow& found) {
        PeriodReportRow& row = rows.emplace_back();
        row.period = {found.Int(0), found.Int(1)};
        row.run = RunId{found.Int(2)};
        row.attempt = static_cast<int32_t>(found.Int(3));
        TYMBAL_ASSIGN_OR_RETURN(row.state, ParseMysqlRunState(found.String(4)));
        row.reason = found.String(5);
        row.coverage.expected = found.Count(6);
        row.coverage.read = found.Count(7);
        row.unplaced = found.Count(8);
        row.calls = found.Count(9);
        row.source = found.String(10);
        row.published_ms = found.Int(11);
        row_of[row.run] = rows.size() - 1;
        return Status::Ok();
      }));
  TYMBAL_RETURN_IF_ERROR(db.Query(
      fmt::format("SELECT j.run_id, j.reason, SUM(j.spans) FROM run r"
                  " JOIN rejection j ON j.run_id = r.run_id WHERE {} GROUP BY j.run_id, j.reason",
                  in_range),
      [&](const MysqlRow& found) {
        const auto at = row_of.find(RunId{found.Int(0)});
        if (at == row_of.end()) return Status::Ok();  // A run that doesn't count.
        TYMBAL_ASSIGN_OR_RETURN(const RejectReason reason, ParseMysqlRejectReason(found.String(1)));
        rows[at->second].coverage.rejected[reason] = found.Count(2);
        return Status::Ok();
      }));
  return rows;
}

Result<std::optional<int64_t>> ReadMysqlLastPublishedStart(MysqlDb& db) {
  std::optional<int64_t> last;
  TYMBAL_RETURN_IF_ERROR(
      db.Query("SELECT MAX(published_start) FROM run", [&last](const MysqlRow& row) {
        if (!row.IsNull(0)) last = row.Int(0);
        return Status::Ok();
      }));
  return last;
}

}  // namespace tymbal
