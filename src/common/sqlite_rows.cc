#include "common/sqlite_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "common/result_check.h"
#include "common/sqlite_insert.h"

namespace tymbal {
namespace {

/// Writes the rows of one commit, table by table.
class RowWriter {
 public:
  RowWriter(SqliteDb& db, const RowOwner& owner) : db_(db), owner_(owner) {}

  /// Writes those that aren't there yet. REQUIRES: equal ids are neighbours.
  Status WriteEndpoints(const std::vector<const StatRow*>& rows);
  Status WriteStats(const std::vector<const StatRow*>& rows);
  Status WriteSlowCalls(const std::vector<const StatRow*>& rows);

 private:
  void BindStat(const StatRow& row, SqliteStatement* values, int first) const;

  SqliteDb& db_;
  RowOwner owner_;
};

/// Whether `find` finds the endpoint of a row. Errors: kInternal when its id is another's.
Result<bool> HasEndpoint(const StatRow& row, SqliteStatement* find) {
  find->BindInt(1, StoredEndpointId(row.endpoint_id));
  TYMBAL_ASSIGN_OR_RETURN(const bool found, find->Step());
  if (!found) return false;
  const bool same = find->Bytes(0) == LevelName(row.level) && find->Bytes(1) == row.name.app &&
                    find->Bytes(2) == row.name.service && find->Bytes(3) == row.name.method;
  if (same) {
    TYMBAL_RETURN_IF_ERROR(find->Run());  // To its end: there is no second row.
    return true;
  }
  Level other_level = Level::kMethod;
  for (const Level level : {Level::kService, Level::kApp}) {
    if (find->Bytes(0) == LevelName(level)) other_level = level;
  }
  const EndpointName other = {find->String(1), find->String(2), find->String(3)};
  return CollisionError(row, other_level, other);
}

Status RowWriter::WriteEndpoints(const std::vector<const StatRow*>& rows) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement find,
      db_.Prepare("SELECT level, app, service, method FROM endpoint WHERE endpoint_id = ?"));
  std::vector<const StatRow*> fresh;
  for (const StatRow* row : rows) {
    TYMBAL_ASSIGN_OR_RETURN(const bool found, HasEndpoint(*row, &find));
    if (found) continue;
    const StatRow* const before = fresh.empty() ? nullptr : fresh.back();
    if (before == nullptr || before->endpoint_id != row->endpoint_id) {
      fresh.push_back(row);
    } else if (before->level != row->level || before->name != row->name) {
      return CollisionError(*row, before->level, before->name);
    }
  }
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteInsert insert,
      SqliteInsert::Create(db_, "endpoint (endpoint_id, level, app, service, method, first_seen)",
                           6, fresh.size()));
  for (const StatRow* row : fresh) {
    TYMBAL_RETURN_IF_ERROR(insert.Add([&](SqliteStatement* values, int first) {
      values->BindInt(first, StoredEndpointId(row->endpoint_id));
      values->BindText(first + 1, LevelName(row->level));
      values->BindBlob(first + 2, row->name.app);
      values->BindBlob(first + 3, row->name.service);
      values->BindBlob(first + 4, row->name.method);
      values->BindInt(first + 5, owner_.now_ms);
    }));
  }
  insert.Finish();
  return Status::Ok();
}

Status RowWriter::WriteStats(const std::vector<const StatRow*>& rows) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteInsert insert,
      SqliteInsert::Create(
          db_,
          "endpoint_stat (period_start, endpoint_id, run_id,"
          " fragment_no, token, calls, errors, satisfied, tolerating, duration_sum_us,"
          " duration_sumsq, min_us, max_us, p50_us, p75_us, p90_us, p95_us, p99_us,"
          " p999_us, exact, histogram)",
          21, rows.size()));
  for (const StatRow* row : rows) {
    const Status status =
        insert.Add([&](SqliteStatement* values, int first) { BindStat(*row, values, first); });
    if (status.ok()) continue;
    if (status.code() != StatusCode::kInternal || insert.inserted() >= rows.size()) return status;
    const StatRow& refused = *rows[insert.inserted()];
    return status.WithContext(
        fmt::format("run {}, row of {}", owner_.run.value, Describe(refused.level, refused.name)));
  }
  insert.Finish();
  return Status::Ok();
}

void RowWriter::BindStat(const StatRow& row, SqliteStatement* values, int first) const {
  const EndpointStat& stat = row.stat;
  values->BindInt(first, owner_.period_start_ms);
  values->BindInt(first + 1, StoredEndpointId(row.endpoint_id));
  values->BindInt(first + 2, owner_.run.value);
  if (owner_.fragment_no.has_value()) {
    values->BindInt(first + 3, *owner_.fragment_no);
    values->BindInt(first + 4, owner_.token.value);
  } else {
    values->BindNull(first + 3);
    values->BindNull(first + 4);
  }
  values->BindCount(first + 5, stat.calls);
  values->BindCount(first + 6, stat.errors);
  values->BindCount(first + 7, stat.satisfied);
  values->BindCount(first + 8, stat.tolerating);
  values->BindCount(first + 9, stat.duration_sum_us);
  values->BindReal(first + 10, stat.duration_sumsq);
  values->BindCount(first + 11, stat.min_us);
  values->BindCount(first + 12, stat.max_us);
  int parameter = first + 13;
  for (const uint64_t percentile_us : stat.percentile_us) {
    values->BindCount(parameter++, percentile_us);
  }
  values->BindInt(parameter++, stat.exact ? 1 : 0);
  values->BindBlob(parameter, stat.histogram);
}

Status RowWriter::WriteSlowCalls(const std::vector<const StatRow*>& rows) {
  size_t calls = 0;
  for (const StatRow* row : rows) calls += row->slowest.size();
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteInsert insert,
      SqliteInsert::Create(db_,
                           "slow_call (run_id, endpoint_id,"
                           " rank, duration_us, start_ms, error, trace_id, span_id)",
                           8, calls));
  for (const StatRow* row : rows) {
    int64_t rank = 0;
    for (const SlowCall& call : row->slowest) {
      TYMBAL_RETURN_IF_ERROR(insert.Add([&](SqliteStatement* values, int first) {
        values->BindInt(first, owner_.run.value);
        values->BindInt(first + 1, StoredEndpointId(row->endpoint_id));
        values->BindInt(first + 2, ++rank);
        values->BindCount(first + 3, call.duration_us);
        values->BindInt(first + 4, call.start_ms);
        values->BindInt(first + 5, call.error ? 1 : 0);
        values->BindBlob(first + 6, call.trace_id);
        values->BindBlob(first + 7, call.span_id);
      }));
    }
  }
  insert.Finish();
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

Status WriteSqliteRows(SqliteDb& db, const RowOwner& owner, std::span<const StatRow> rows) {
  // In the order of the stored keys, table by table, so that the inserts run along each tree.
  std::vector<const StatRow*> sorted;
  sorted.reserve(rows.size());
  for (const StatRow& row : rows) sorted.push_back(&row);
  std::sort(sorted.begin(), sorted.end(), [](const StatRow* a, const StatRow* b) {
    return StoredEndpointId(a->endpoint_id) < StoredEndpointId(b->endpoint_id);
  });
  RowWriter writer(db, owner);
  TYMBAL_RETURN_IF_ERROR(writer.WriteEndpoints(sorted));
  TYMBAL_RETURN_IF_ERROR(writer.WriteStats(sorted));
  return writer.WriteSlowCalls(sorted);
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
