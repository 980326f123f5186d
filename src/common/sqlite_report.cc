#include "common/sqlite_report.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "common/method_ranking.h"
#include "common/sqlite_ledger.h"
#include "common/sqlite_rows.h"

namespace tymbal {
namespace {

constexpr std::string_view kNameColumns = "e.app, e.service, e.method";

/// Whether the methods of the run r are ranked.
std::string IsRanked(SortKey sort) {
  return fmt::format(
      "EXISTS (SELECT 1 FROM top_method o"
      " WHERE o.run_id = r.run_id AND o.sort_key = '{}' AND o.rank = 1)",
      SortKeyName(sort));
}

/// The ranked methods t of the run r that a query of `limit` rows needs.
std::string RankedMethodsOf(SortKey sort, std::string_view limit) {
  return fmt::format("t.run_id = r.run_id AND t.sort_key = '{}' AND t.rank <= {}",
                     SortKeyName(sort), limit);
}

/// All orders end in the columns that make them total: names and period identify a row of a level.
std::string_view OrderOf(SortKey sort) {
  switch (sort) {
    case SortKey::kTime:
      return "r.period_start, e.app, e.service, e.method";
    case SortKey::kName:
      return "e.app, e.service, e.method, r.period_start";
    case SortKey::kCalls:
      return "s.calls DESC, e.app, e.service, e.method, r.period_start";
    case SortKey::kErrors:
      return "s.errors DESC, e.app, e.service, e.method, r.period_start";
    case SortKey::kErrorRate:
      return "CAST(s.errors AS REAL) / s.calls DESC, e.app, e.service, e.method, r.period_start";
    case SortKey::kSum:
      return "s.duration_sum_us DESC, e.app, e.service, e.method, r.period_start";
    case SortKey::kMean:
      return "CAST(s.duration_sum_us AS REAL) / s.calls DESC,"
             " e.app, e.service, e.method, r.period_start";
    case SortKey::kMax:
      return "s.max_us DESC, e.app, e.service, e.method, r.period_start";
    case SortKey::kP50:
      return "s.p50_us DESC, e.app, e.service, e.method, r.period_start";
    case SortKey::kP75:
      return "s.p75_us DESC, e.app, e.service, e.method, r.period_start";
    case SortKey::kP90:
      return "s.p90_us DESC, e.app, e.service, e.method, r.period_start";
    case SortKey::kP95:
      return "s.p95_us DESC, e.app, e.service, e.method, r.period_start";
    case SortKey::kP99:
      return "s.p99_us DESC, e.app, e.service, e.method, r.period_start";
    case SortKey::kP999:
      return "s.p999_us DESC, e.app, e.service, e.method, r.period_start";
  }
  return "";
}

/// The conditions of a filter, parameters ?1 to ?5. The texts vary only by which of the names are
/// given, so that the statements can be cached.
std::string ConditionsOf(const RowFilter& filter) {
  std::string sql = " r.state = 'published' AND r.period_start >= ?1 AND r.period_start < ?2";
  if (filter.app.has_value()) sql += " AND e.app = ?3";
  if (filter.service.has_value()) sql += " AND e.service = ?4";
  if (filter.method.has_value()) sql += " AND e.method = ?5";
  return sql;
}

void BindFilter(const RowFilter& filter, SqliteStatement* select) {
  select->BindInt(1, filter.from_ms);
  select->BindInt(2, filter.to_ms);
  if (filter.app.has_value()) select->BindBlob(3, *filter.app);
  if (filter.service.has_value()) select->BindBlob(4, *filter.service);
  if (filter.method.has_value()) select->BindBlob(5, *filter.method);
}

int64_t SqlLimit(size_t limit) {
  const bool all = limit == 0 || limit > static_cast<size_t>(INT64_MAX);
  return all ? -1 : static_cast<int64_t>(limit);
}

/// Reads the histograms of rows that were found, so that sorting need not carry them about.
Status AddHistograms(SqliteDb& db, const std::vector<RunId>& runs,
                     std::vector<StatReportRow>* rows) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement select,
                          db.Prepare("SELECT histogram FROM endpoint_stat"
                                     " WHERE period_start = ? AND endpoint_id = ? AND run_id = ?"));
  for (size_t i = 0; i < rows->size(); ++i) {
    StatReportRow& row = (*rows)[i];
    select.BindInt(1, row.period.start_ms);
    select.BindInt(2, StoredEndpointId(row.row.endpoint_id));
    select.BindInt(3, runs[i].value);
    TYMBAL_ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return Internal("a row of results is gone within one snapshot");
    row.row.stat.histogram = select.String(0);
    TYMBAL_RETURN_IF_ERROR(select.Run());
  }
  return Status::Ok();
}

std::string StatsSql(const StatQuery& query, RunSelection runs) {
  // Whatever leaves few endpoints goes first; else the rows of the period are read in one sweep.
  const bool few = query.level != Level::kMethod || query.filter.app.has_value();
  std::string_view tables = few ? "run r CROSS JOIN endpoint e CROSS JOIN endpoint_stat s"
                                : "run r CROSS JOIN endpoint_stat s CROSS JOIN endpoint e";
  std::string conditions = ConditionsOf(query.filter);
  if (runs == RunSelection::kRanked) {
    tables = "run r CROSS JOIN top_method t CROSS JOIN endpoint_stat s CROSS JOIN endpoint e";
    conditions +=
        " AND " + RankedMethodsOf(query.sort, "?7") + " AND s.endpoint_id = t.endpoint_id";
  } else if (runs == RunSelection::kUnranked) {
    conditions += " AND NOT " + IsRanked(query.sort);
  }
  return fmt::format(
      "SELECT r.period_start, r.period_end, r.run_id, e.endpoint_id, {}, {} FROM {} WHERE {}"
      " AND s.period_start = r.period_start AND s.run_id = r.run_id"
      " AND s.endpoint_id = e.endpoint_id AND e.level = ?6 ORDER BY {} LIMIT ?7",
      kNameColumns, kSqliteStatColumns, tables, conditions, OrderOf(query.sort));
}

Result<std::vector<StatReportRow>> ReadStatsOf(SqliteDb& db, const StatQuery& query,
                                               RunSelection which) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement select, db.Prepare(StatsSql(query, which)));
  BindFilter(query.filter, &select);
  select.BindText(6, LevelName(query.level));
  select.BindInt(7, SqlLimit(query.limit));
  std::vector<StatReportRow> rows;
  std::vector<RunId> runs;
  while (true) {
    TYMBAL_ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) break;
    StatReportRow report;
    report.period = {select.Int(0), select.Int(1)};
    runs.push_back(RunId{select.Int(2)});
    report.row.endpoint_id = EndpointIdOfStored(select.Int(3));
    report.row.level = query.level;
    report.row.name = {select.String(4), select.String(5), select.String(6)};
    report.row.stat = ReadSqliteStat(select, 7);
    rows.push_back(std::move(report));
  }
  if (query.with_histogram) TYMBAL_RETURN_IF_ERROR(AddHistograms(db, runs, &rows));
  return rows;
}

/// Whether the ranked methods of the run r have their slowest calls: see ReadBySelection().
std::string HasRankedCalls() {
  return fmt::format(
      "({} AND NOT EXISTS (SELECT 1 FROM top_method t WHERE {} AND NOT EXISTS"
      " (SELECT 1 FROM slow_call o WHERE o.run_id = t.run_id AND o.endpoint_id = t.endpoint_id"
      " AND o.rank = 1)))",
      IsRanked(SortKey::kMax), RankedMethodsOf(SortKey::kMax, "?6"));
}

std::string SlowCallsSql(const RowFilter& filter, RunSelection runs) {
  std::string_view tables = filter.app.has_value()
                                ? "run r CROSS JOIN endpoint e CROSS JOIN slow_call c"
                                : "run r CROSS JOIN slow_call c CROSS JOIN endpoint e";
  std::string conditions = ConditionsOf(filter);
  if (runs == RunSelection::kRanked) {
    tables = "run r CROSS JOIN top_method t CROSS JOIN slow_call c CROSS JOIN endpoint e";
    conditions += " AND " + HasRankedCalls() + " AND " + RankedMethodsOf(SortKey::kMax, "?6") +
                  " AND c.endpoint_id = t.endpoint_id";
  } else if (runs == RunSelection::kUnranked) {
    conditions += " AND NOT " + HasRankedCalls();
  }
  return fmt::format(
      "SELECT r.period_start, r.period_end, {}, c.duration_us, c.start_ms, c.error, c.trace_id,"
      " c.span_id FROM {} WHERE {} AND c.run_id = r.run_id AND c.endpoint_id = e.endpoint_id"
      " AND e.level = 'method' ORDER BY c.duration_us DESC, e.app, e.service, e.method,"
      " r.period_start, c.rank LIMIT ?6",
      kNameColumns, tables, conditions);
}

Result<std::vector<SlowReportRow>> ReadSlowCallsOf(SqliteDb& db, const RowFilter& filter,
                                                   size_t limit, RunSelection runs) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement select, db.Prepare(SlowCallsSql(filter, runs)));
  BindFilter(filter, &select);
  select.BindInt(6, SqlLimit(limit));
  std::vector<SlowReportRow> rows;
  while (true) {
    TYMBAL_ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return rows;
    SlowReportRow report;
    report.period = {select.Int(0), select.Int(1)};
    report.name = {select.String(2), select.String(3), select.String(4)};
    report.call = {.duration_us = select.Count(5),
                   .start_ms = select.Int(6),
                   .error = select.Int(7) != 0,
                   .trace_id = select.String(8),
                   .span_id = select.String(9)};
    rows.push_back(std::move(report));
  }
}

}  // namespace

Result<std::vector<StatReportRow>> ReadSqliteStats(SqliteDb& db, const StatQuery& query) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction,
                          SqliteTransaction::Begin(db, SqliteTransaction::Kind::kRead));
  TYMBAL_ASSIGN_OR_RETURN(
      std::vector<StatReportRow> rows,
      ReadBySelection(query, [&](RunSelection runs) { return ReadStatsOf(db, query, runs); }));
  TYMBAL_RETURN_IF_ERROR(transaction.Commit());
  return rows;
}

Result<std::vector<SlowReportRow>> ReadSqliteSlowCalls(SqliteDb& db, const RowFilter& filter,
                                                       size_t limit) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction,
                          SqliteTransaction::Begin(db, SqliteTransaction::Kind::kRead));
  TYMBAL_ASSIGN_OR_RETURN(std::vector<SlowReportRow> rows,
                          ReadBySelection(filter, limit, [&](RunSelection runs) {
                            return ReadSlowCallsOf(db, filter, limit, runs);
                          }));
  TYMBAL_RETURN_IF_ERROR(transaction.Commit());
  return rows;
}

Result<std::vector<PeriodReportRow>> ReadSqlitePeriods(SqliteDb& db, int64_t from_ms,
                                                       int64_t to_ms) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction,
                          SqliteTransaction::Begin(db, SqliteTransaction::Kind::kRead));
  // The run that counts: as in the view report_period.
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db.Prepare("SELECT r.period_start, r.period_end, r.run_id, r.attempt, r.state, r.reason,"
                 " sum(f.spans_expected), sum(f.spans_read), r.unplaced, sum(f.calls), r.source,"
                 " r.published_ms FROM run r CROSS JOIN fragment f ON f.run_id = r.run_id"
                 " WHERE r.period_start >= ? AND r.period_start < ? AND r.run_id ="
                 " (SELECT o.run_id FROM run o WHERE o.period_start = r.period_start"
                 " ORDER BY CASE o.state WHEN 'published' THEN 0 WHEN 'open' THEN 1"
                 " WHEN 'failed' THEN 2 ELSE 3 END, o.attempt DESC LIMIT 1)"
                 " GROUP BY r.run_id ORDER BY r.period_start"));
  select.BindInt(1, from_ms);
  select.BindInt(2, to_ms);
  std::vector<PeriodReportRow> rows;
  while (true) {
    TYMBAL_ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) break;
    PeriodReportRow row;
    row.period = {select.Int(0), select.Int(1)};
    row.run = RunId{select.Int(2)};
    row.attempt = static_cast<int32_t>(select.Int(3));
    TYMBAL_ASSIGN_OR_RETURN(row.state, ParseRunState(select.Bytes(4)));
    row.reason = select.String(5);
    row.coverage.expected = select.Count(6);
    row.coverage.read = select.Count(7);
    TYMBAL_ASSIGN_OR_RETURN(row.coverage.rejected, SumSqliteRejections(db, row.run));
    row.unplaced = select.Count(8);
    row.calls = select.Count(9);
    row.source = select.String(10);
    row.published_ms = select.Int(11);
    rows.push_back(std::move(row));
  }
  TYMBAL_RETURN_IF_ERROR(transaction.Commit());
  return rows;
}

Result<std::optional<int64_t>> ReadSqliteLastPublishedStart(SqliteDb& db) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db.Prepare("SELECT max(period_start) FROM run WHERE state = 'published'"));
  TYMBAL_ASSIGN_OR_RETURN(const bool row, select.Step());
  if (!row || select.IsNull(0)) return std::optional<int64_t>();
  return std::optional<int64_t>(select.Int(0));
}

}  // namespace tymbal
