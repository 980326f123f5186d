#include "common/sqlite_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "common/result_check.h"

namespace tymbal {
namespace {

constexpr int kEndpointColumns = 6;
/// SQLite builds the list of the column's CHECK (level IN ...) anew for each statement, which takes
/// longer than the row.
constexpr int kEndpointsAtOnce = 64;

/// Writes the rows of one commit, statement by statement ready.
class RowWriter {
 public:
  static Result<RowWriter> Create(SqliteDb& db, const SqliteRowOwner& owner);

  /// Writes those that aren't there yet. REQUIRES: equal ids are neighbours.
  Status WriteEndpoints(const std::vector<const StatRow*>& rows);
  Status WriteStat(const StatRow& row);
  Status WriteSlowCalls(const StatRow& row);

 private:
  struct Statements {
    SqliteStatement find_endpoint;
    SqliteStatement insert_endpoint;
    SqliteStatement insert_endpoints;
    SqliteStatement insert_stat;
    SqliteStatement insert_slow_call;
  };
  RowWriter(SqliteDb& db, const SqliteRowOwner& owner, Statements statements)
      : db_(db), owner_(owner), statements_(std::move(statements)) {}

  Result<bool> HasEndpoint(const StatRow& row);
  void BindEndpoint(const StatRow& row, int first, SqliteStatement* insert) const;

  SqliteDb& db_;
  SqliteRowOwner owner_;
  Statements statements_;
};

Result<RowWriter> RowWriter::Create(SqliteDb& db, const SqliteRowOwner& owner) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement find_endpoint,
      db.Prepare("SELECT level, app, service, method FROM endpoint WHERE endpoint_id = ?"));
  std::string insert =
      "INSERT INTO endpoint (endpoint_id, level, app, service, method, first_seen)"
      " VALUES (?, ?, ?, ?, ?, ?)";
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement insert_endpoint, db.Prepare(insert));
  for (int i = 1; i < kEndpointsAtOnce; ++i) insert += ", (?, ?, ?, ?, ?, ?)";
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement insert_endpoints, db.Prepare(insert));
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement insert_stat,
      db.Prepare("INSERT INTO endpoint_stat (period_start, endpoint_id, run_id, fragment_no, token,"
                 " calls, errors, satisfied, tolerating, duration_sum_us, duration_sumsq, min_us,"
                 " max_us, p50_us, p75_us, p90_us, p95_us, p99_us, p999_us, exact, histogram)"
                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                 " ON CONFLICT (period_start, endpoint_id, run_id) DO NOTHING"));
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement insert_slow_call,
      db.Prepare("INSERT INTO slow_call (run_id, endpoint_id, rank, duration_us, start_ms, error,"
                 " trace_id, span_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
  return RowWriter(
      db, owner,
      Statements{std::move(find_endpoint), std::move(insert_endpoint), std::move(insert_endpoints),
                 std::move(insert_stat), std::move(insert_slow_call)});
}

Status RowWriter::WriteEndpoints(const std::vector<const StatRow*>& rows) {
  std::vector<const StatRow*> fresh;
  for (const StatRow* row : rows) {
    TYMBAL_ASSIGN_OR_RETURN(const bool found, HasEndpoint(*row));
    if (found) continue;
    const StatRow* const before = fresh.empty() ? nullptr : fresh.back();
    if (before == nullptr || before->endpoint_id != row->endpoint_id) {
      fresh.push_back(row);
    } else if (before->level != row->level || before->name != row->name) {
      return CollisionError(*row, before->level, before->name);
    }
  }
  auto next = fresh.begin();
  while (next != fresh.end()) {
    const bool many = fresh.end() - next >= kEndpointsAtOnce;
    SqliteStatement& insert = many ? statements_.insert_endpoints : statements_.insert_endpoint;
    for (int i = 0; i < (many ? kEndpointsAtOnce : 1); ++i) {
      BindEndpoint(**next++, 1 + i * kEndpointColumns, &insert);
    }
    TYMBAL_RETURN_IF_ERROR(insert.Run());
  }
  return Status::Ok();
}

Result<bool> RowWriter::HasEndpoint(const StatRow& row) {
  SqliteStatement& find = statements_.find_endpoint;
  find.BindInt(1, StoredEndpointId(row.endpoint_id));
  TYMBAL_ASSIGN_OR_RETURN(const bool found, find.Step());
  if (!found) return false;
  const bool same = find.Bytes(0) == LevelName(row.level) && find.Bytes(1) == row.name.app &&
                    find.Bytes(2) == row.name.service && find.Bytes(3) == row.name.method;
  if (same) {
    TYMBAL_RETURN_IF_ERROR(find.Run());  // To its end: there is no second row.
    return true;
  }
  Level other_level = Level::kMethod;
  for (const Level level : {Level::kService, Level::kApp}) {
    if (find.Bytes(0) == LevelName(level)) other_level = level;
  }
  const EndpointName other = {find.String(1), find.String(2), find.String(3)};
  return CollisionError(row, other_level, other);
}

void RowWriter::BindEndpoint(const StatRow& row, int first, SqliteStatement* insert) const {
  insert->BindInt(first, StoredEndpointId(row.endpoint_id));
  insert->BindText(first + 1, LevelName(row.level));
  insert->BindBlob(first + 2, row.name.app);
  insert->BindBlob(first + 3, row.name.service);
  insert->BindBlob(first + 4, row.name.method);
  insert->BindInt(first + 5, owner_.now_ms);
}

Status RowWriter::WriteStat(const StatRow& row) {
  SqliteStatement& insert = statements_.insert_stat;
  const EndpointStat& stat = row.stat;
  insert.BindInt(1, owner_.period_start_ms);
  insert.BindInt(2, StoredEndpointId(row.endpoint_id));
  insert.BindInt(3, owner_.run.value);
  if (owner_.fragment_no.has_value()) {
    insert.BindInt(4, *owner_.fragment_no);
    insert.BindInt(5, owner_.token.value);
  } else {
    insert.BindNull(4);
    insert.BindNull(5);
  }
  insert.BindCount(6, stat.calls);
  insert.BindCount(7, stat.errors);
  insert.BindCount(8, stat.satisfied);
  insert.BindCount(9, stat.tolerating);
  insert.BindCount(10, stat.duration_sum_us);
  insert.BindReal(11, stat.duration_sumsq);
  insert.BindCount(12, stat.min_us);
  insert.BindCount(13, stat.max_us);
  int parameter = 14;
  for (const uint64_t percentile_us : stat.percentile_us) {
    insert.BindCount(parameter++, percentile_us);
  }
  insert.BindInt(parameter++, stat.exact ? 1 : 0);
  insert.BindBlob(parameter, stat.histogram);
  TYMBAL_RETURN_IF_ERROR(insert.Run());
  if (db_.changes() == 1) return Status::Ok();
  return Internal(fmt::format("run {} has a row of {} already, from another fragment",
                              owner_.run.value, Describe(row.level, row.name)));
}

Status RowWriter::WriteSlowCalls(const StatRow& row) {
  SqliteStatement& insert = statements_.insert_slow_call;
  insert.BindInt(1, owner_.run.value);
  insert.BindInt(2, StoredEndpointId(row.endpoint_id));
  int64_t rank = 0;
  for (const SlowCall& call : row.slowest) {
    insert.BindInt(3, ++rank);
    insert.BindCount(4, call.duration_us);
    insert.BindInt(5, call.start_ms);
    insert.BindInt(6, call.error ? 1 : 0);
    insert.BindBlob(7, call.trace_id);
    insert.BindBlob(8, call.span_id);
    TYMBAL_RETURN_IF_ERROR(insert.Run());
  }
  return Status::Ok();
}

/// Visits the rows whose stored id lies in [first, last].
Status VisitRange(SqliteStatement& select, int64_t first, int64_t last,
                  const std::function<Status(const StatRow&)>& visit) {
  select.BindInt(3, first);
  select.BindInt(4, last);
  StatRow row;
  row.level = Level::kMethod;
  while (true) {
    TYMBAL_ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return Status::Ok();
    row.endpoint_id = EndpointIdOfStored(select.Int(0));
    row.name = {select.String(1), select.String(2), select.String(3)};
    row.stat = ReadSqliteStat(select, 4);
    row.stat.histogram = select.String(4 + kSqliteStatColumnCount);
    TYMBAL_RETURN_IF_ERROR(visit(row));
  }
}

}  // namespace

int64_t StoredEndpointId(uint64_t endpoint_id) { return std::bit_cast<int64_t>(endpoint_id); }

uint64_t EndpointIdOfStored(int64_t stored) { return std::bit_cast<uint64_t>(stored); }

EndpointStat ReadSqliteStat(const SqliteStatement& row, int first) {
  EndpointStat stat;
  stat.calls = row.Count(first);
  stat.errors = row.Count(first + 1);
  stat.satisfied = row.Count(first + 2);
  stat.tolerating = row.Count(first + 3);
  stat.duration_sum_us = row.Count(first + 4);
  stat.duration_sumsq = row.Real(first + 5);
  stat.min_us = row.Count(first + 6);
  stat.max_us = row.Count(first + 7);
  for (size_t i = 0; i < kPercentiles.size(); ++i) {
    stat.percentile_us[i] = row.Count(first + 8 + static_cast<int>(i));
  }
  stat.exact = row.Int(first + 14) != 0;
  return stat;
}

Status WriteSqliteRows(SqliteDb& db, const SqliteRowOwner& owner,
                       const std::vector<StatRow>& rows) {
  // In the order of the stored keys, table by table: the inserts then run along each tree once.
  std::vector<const StatRow*> sorted;
  sorted.reserve(rows.size());
  for (const StatRow& row : rows) sorted.push_back(&row);
  std::sort(sorted.begin(), sorted.end(), [](const StatRow* a, const StatRow* b) {
    return StoredEndpointId(a->endpoint_id) < StoredEndpointId(b->endpoint_id);
  });
  TYMBAL_ASSIGN_OR_RETURN(RowWriter writer, RowWriter::Create(db, owner));
  TYMBAL_RETURN_IF_ERROR(writer.WriteEndpoints(sorted));
  for (const StatRow* row : sorted) TYMBAL_RETURN_IF_ERROR(writer.WriteStat(*row));
  for (const StatRow* row : sorted) TYMBAL_RETURN_IF_ERROR(writer.WriteSlowCalls(*row));
  return Status::Ok();
}

Status VisitSqliteMethodRows(SqliteDb& db, RunId run, int64_t period_start_ms,
                             const std::function<Status(const StatRow&)>& visit) {
  const std::string sql = fmt::format(
      "SELECT s.endpoint_id, e.app, e.service, e.method, {}, s.histogram"
      " FROM endpoint_stat s CROSS JOIN endpoint e ON e.endpoint_id = s.endpoint_id"
      " WHERE s.period_start = ? AND s.run_id = ? AND s.endpoint_id BETWEEN ? AND ?"
      " AND s.fragment_no IS NOT NULL ORDER BY s.endpoint_id",
      kSqliteStatColumns);
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement select, db.Prepare(sql));
  select.BindInt(1, period_start_ms);
  select.BindInt(2, run.value);
  // Unsigned ids from 2^63 on are stored as negative numbers: they come second.
  TYMBAL_RETURN_IF_ERROR(VisitRange(select, 0, std::numeric_limits<int64_t>::max(), visit));
  return VisitRange(select, std::numeric_limits<int64_t>::min(), -1, visit);
}

}  // namespace tymbal
