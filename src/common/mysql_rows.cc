#include "common/mysql_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "common/mysql_batch.h"
#include "common/mysql_literal.h"
#include "common/result_check.h"

namespace tymbal {
namespace {

/// How many ids stand in one list.
constexpr size_t kIdsPerQuery = 1000;

using RowPointers = std::vector<const StatRow*>;

/// Calls `visit` with each stored endpoint that has the id of a row.
Status VisitStored(
    MysqlDb& db, const RowPointers& rows,
    const std::function<Status(const StatRow& row, Level level, EndpointName name)>& visit) {
  for (size_t begin = 0; begin < rows.size(); begin += kIdsPerQuery) {
    const size_t end = std::min(rows.size(), begin + kIdsPerQuery);
    std::string sql =
        "SELECT endpoint_id, level, app, service, method FROM endpoint"
        " WHERE endpoint_id IN (";
    for (size_t i = begin; i < end; ++i) {
      fmt::format_to(std::back_inserter(sql), "{}{}", i == begin ? "" : ",", rows[i]->endpoint_id);
    }
    sql += ") ORDER BY endpoint_id";
    size_t next = begin;
    TYMBAL_RETURN_IF_ERROR(db.Query(sql, [&](const MysqlRow& stored) {
      const uint64_t id = stored.Count(0);
      while (next < end && rows[next]->endpoint_id < id) ++next;
      if (next == end || rows[next]->endpoint_id != id) {
        return Internal("the store returned an endpoint that was not asked for");
      }
      TYMBAL_ASSIGN_OR_RETURN(const Level level, ParseLevel(stored.String(1)));
      return visit(*rows[next], level, {stored.String(2), stored.String(3), stored.String(4)});
    }));
  }
  return Status::Ok();
}

Status CheckSame(MysqlDb& db, const StatRow& row, Level level, const EndpointName& name) {
  if (row.level != level || row.name != name) return CollisionError(row, level, name);
  db.endpoints().Note(row.endpoint_id, level, name);
  return Status::Ok();
}

/// An error of a row: what the server said, and of which row.
MysqlBatch::Describe NameRow(const RowPointers& rows) {
  return [&rows](size_t index, const Status& status) {
    return status.WithContext(Describe(rows[index]->level, rows[index]->name));
  };
}

/// Most endpoints are there already: reading them takes no locks.
Status WriteEndpoints(MysqlDb& db, int64_t now_ms, const RowPointers& all) {
  RowPointers rows;
  for (const StatRow* row : all) {
    if (!db.endpoints().Holds(row->endpoint_id, row->level, row->name)) rows.push_back(row);
  }
  RowPointers missing;
  size_t next = 0;
  TYMBAL_RETURN_IF_ERROR(
      VisitStored(db, rows, [&](const StatRow& row, Level level, const EndpointName& name) {
        while (rows[next] != &row) missing.push_back(rows[next++]);
        ++next;
        return CheckSame(db, row, level, name);
      }));
  missing.insert(missing.end(), rows.begin() + static_cast<ptrdiff_t>(next), rows.end());
  if (missing.empty()) return Status::Ok();
  // Another fragment or run may insert the same at the same time: then theirs stays.
  MysqlBatch batch(
      db,
      {.head =
           "INSERT INTO endpoint (endpoint_id, level, app, service, method, first_seen) VALUES ",
       .tail = " ON DUPLICATE KEY UPDATE endpoint_id = endpoint.endpoint_id"},
      NameRow(missing));
  std::string values;
  for (size_t i = 0; i < missing.size(); ++i) {
    const StatRow& row = *missing[i];
    values.clear();
    fmt::format_to(std::back_inserter(values), "({},'{}',", row.endpoint_id, LevelName(row.level));
    for (const std::string* name : {&row.name.app, &row.name.service, &row.name.method}) {
      AppendMysqlBytes(*name, &values);
      values.push_back(',');
    }
    fmt::format_to(std::back_inserter(values), "{})", now_ms);
    TYMBAL_RETURN_IF_ERROR(batch.Add(i, values));
  }
  TYMBAL_RETURN_IF_ERROR(batch.Flush());
  size_t found = 0;
  TYMBAL_RETURN_IF_ERROR(VisitStored(
      db, missing, [&db, &found](const StatRow& row, Level level, const EndpointName& name) {
        ++found;
        return CheckSame(db, row, level, name);
      }));
  return found == missing.size() ? Status::Ok() : Internal("an endpoint was not written");
}

Status WriteStats(MysqlDb& db, const RowOwner& owner, const RowPointers& rows) {
  const auto describe = [&](size_t index, const Status& status) {
    const StatRow& row = *rows[index];
    if (status.message().find("1062") == std::string::npos) {
      return status.WithContext(Describe(row.level, row.name));
    }
    return Internal(fmt::format("run {} has a row of {} already, from another fragment",
                                owner.run.value, Describe(row.level, row.name)));
  };
  MysqlBatch batch(
      db,
      {.head =
           "INSERT INTO endpoint_stat (period_start, endpoint_id, run_id, fragment_no, token,"
           " calls, errors, satisfied, tolerating, duration_sum_us, duration_sumsq, min_us,"
           " max_us, p50_us, p75_us, p90_us, p95_us, p99_us, p999_us, exact, histogram) VALUES ",
       .tail = ""},
      describe);
  const std::string owned =
      owner.fragment_no.has_value()
          ? fmt::format("{},{},{}", owner.run.value, *owner.fragment_no, owner.token.value)
          : fmt::format("{},NULL,NULL", owner.run.value);
  std::string values;
  for (size_t i = 0; i < rows.size(); ++i) {
    const EndpointStat& stat = rows[i]->stat;
    values.clear();
    // 17 digits give back the very same double.
    fmt::format_to(std::back_inserter(values), "({},{},{},{},{},{},{},{},{:.16e},{},{}",
                   owner.period_start_ms, rows[i]->endpoint_id, owned, stat.calls, stat.errors,
                   stat.satisfied, stat.tolerating, stat.duration_sum_us, stat.duration_sumsq,
                   stat.min_us, stat.max_us);
    for (const uint64_t percentile_us : stat.percentile_us) {
      fmt::format_to(std::back_inserter(values), ",{}", percentile_us);
    }
    values += stat.exact ? ",1," : ",0,";
    AppendMysqlBytes(stat.histogram, &values);
    values.push_back(')');
    TYMBAL_RETURN_IF_ERROR(batch.Add(i, values));
  }
  return batch.Flush();
}

Status WriteSlowCalls(MysqlDb& db, const RowOwner& owner, const RowPointers& rows) {
  MysqlBatch batch(db,
                   {.head = "INSERT INTO slow_call (run_id, endpoint_id, `rank`, period_start,"
                            " duration_us, start_ms, error, trace_id, span_id) VALUES ",
                    .tail = ""},
                   NameRow(rows));
  std::string values;
  for (size_t i = 0; i < rows.size(); ++i) {
    int rank = 0;
    for (const SlowCall& call : rows[i]->slowest) {
      values.clear();
      fmt::format_to(std::back_inserter(values), "({},{},{},{},{},{},{},", owner.run.value,
                     rows[i]->endpoint_id, ++rank, owner.period_start_ms, call.duration_us,
                     call.start_ms, call.error ? 1 : 0);
      AppendMysqlBytes(call.trace_id, &values);
      values.push_back(',');
      AppendMysqlBytes(call.span_id, &values);
      values.push_back(')');
      TYMBAL_RETURN_IF_ERROR(batch.Add(i, values));
    }
  }
  return batch.Flush();
}

}  // namespace

Result<Level> ParseLevel(std::string_view name) {
  for (const Level level : {Level::kMethod, Level::kService, Level::kApp}) {
    if (LevelName(level) == name) return level;
  }
  return Internal(fmt::format("the store holds an unknown level: {}", name));
}

EndpointStat ReadMysqlStat(const MysqlRow& row, uint32_t first) {
  EndpointStat stat;
  stat.calls = row.Count(first);
  stat.errors = row.Count(first + 1);
  stat.satisfied = row.Count(first + 2);
  stat.tolerating = row.Count(first + 3);
  stat.duration_sum_us = row.Count(first + 4);
  stat.duration_sumsq = row.Real(first + 5);
  stat.min_us = row.Count(first + 6);
  stat.max_us = row.Count(first + 7);
  for (uint32_t i = 0; i < kPercentiles.size(); ++i) {
    stat.percentile_us[i] = row.Count(first + 8 + i);
  }
  stat.exact = row.Int(first + 14) != 0;
  return stat;
}

Status WriteMysqlRows(MysqlDb& db, const RowOwner& owner, std::span<const StatRow> rows) {
  RowPointers sorted;
  sorted.reserve(rows.size());
  for (const StatRow& row : rows) sorted.push_back(&row);
  std::sort(sorted.begin(), sorted.end(),
            [](const StatRow* a, const StatRow* b) { return a->endpoint_id < b->endpoint_id; });
  TYMBAL_RETURN_IF_ERROR(WriteEndpoints(db, owner.now_ms, sorted));
  TYMBAL_RETURN_IF_ERROR(WriteStats(db, owner, sorted));
  return WriteSlowCalls(db, owner, sorted);
}

Result<std::vector<StatRow>> ReadMysqlMethodRows(MysqlDb& db, RunId run, int64_t period_start_ms,
                                                 uint64_t first_id, size_t limit) {
  const std::string sql = fmt::format(
      "SELECT s.endpoint_id, e.app, e.service, e.method, {}, s.histogram"
      " FROM endpoint_stat s STRAIGHT_JOIN endpoint e ON e.endpoint_id = s.endpoint_id"
      " WHERE s.period_start = {} AND s.endpoint_id >= {} AND s.run_id = {}"
      " AND s.fragment_no IS NOT NULL ORDER BY s.endpoint_id LIMIT {}",
      kMysqlStatColumns, period_start_ms, first_id, run.value, limit);
  std::vector<StatRow> rows;
  TYMBAL_RETURN_IF_ERROR(db.Query(sql, [&rows](const MysqlRow& found) {
    StatRow& row = rows.emplace_back();
    row.endpoint_id = found.Count(0);
    row.level = Level::kMethod;
    row.name = {found.String(1), found.String(2), found.String(3)};
    row.stat = ReadMysqlStat(found, 4);
    row.stat.histogram = found.String(4 + kMysqlStatColumnCount);
    return Status::Ok();
  }));
  return rows;
}

Result<uint64_t> DeleteMysqlRows(MysqlDb& db, RunId run, int64_t period_start_ms, size_t limit) {
  // By their keys: a range of the period would wait for the rows of a run that is being committed.
  std::string ids;
  TYMBAL_RETURN_IF_ERROR(db.Query(fmt::format("SELECT endpoint_id FROM endpoint_stat"
                                              " WHERE period_start = {} AND run_id = {} LIMIT {}",
                                              period_start_ms, run.value, limit),
                                  [&ids](const MysqlRow& row) {
                                    fmt::format_to(std::back_inserter(ids), "{}{}",
                                                   ids.empty() ? "" : ",", row.Count(0));
                                    return Status::Ok();
                                  }));
  uint64_t deleted = 0;
  if (!ids.empty()) {
    TYMBAL_ASSIGN_OR_RETURN(
        deleted, db.Update(fmt::format("DELETE FROM endpoint_stat WHERE period_start = {}"
                                       " AND run_id = {} AND endpoint_id IN ({})",
                                       period_start_ms, run.value, ids)));
  }
  for (const std::string_view table : {"slow_call", "top_method"}) {
    TYMBAL_ASSIGN_OR_RETURN(
        const uint64_t others,
        db.Update(fmt::format("DELETE FROM {} WHERE run_id = {} AND period_start = {} LIMIT {}",
                              table, run.value, period_start_ms, limit)));
    deleted += others;
  }
  return deleted;
}

}  // namespace tymbal
