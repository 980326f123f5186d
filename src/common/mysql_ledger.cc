#include "common/mysql_ledger.h"

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

#include "common/mysql_literal.h"
#include "common/result_check.h"

namespace tymbal {
namespace {

/// MariaDB has no FOR SHARE; both have this.
std::string_view ClauseOf(MysqlLock lock) {
  switch (lock) {
    case MysqlLock::kNone:
      return "";
    case MysqlLock::kShare:
      return " LOCK IN SHARE MODE";
    case MysqlLock::kUpdate:
      return " FOR UPDATE";
  }
  return "";
}

Result<RunRecord> ReadRunRow(MysqlDb& db, RunId run, MysqlLock lock) {
  std::optional<RunRecord> found;
  TYMBAL_RETURN_IF_ERROR(
      db.Query(fmt::format("SELECT period_start, period_end, attempt, epoch, state, reason, slots,"
                           " fingerprint, settings, source, unplaced, created_ms, published_ms"
                           " FROM run WHERE run_id = {}{}",
                           run.value, ClauseOf(lock)),
               [&found, run](const MysqlRow& row) {
                 RunRecord& record = found.emplace();
                 record.id = run;
                 record.period = {row.Int(0), row.Int(1)};
                 record.attempt = static_cast<int32_t>(row.Int(2));
                 record.epoch = Epoch{row.Int(3)};
                 TYMBAL_ASSIGN_OR_RETURN(record.state, ParseMysqlRunState(row.String(4)));
                 record.reason = row.String(5);
                 record.slots = static_cast<uint32_t>(row.Int(6));
                 record.input = {.fingerprint = row.String(7),
                                 .settings = row.String(8),
                                 .source = row.String(9),
                                 .unplaced = row.Count(10)};
                 record.created_ms = row.Int(11);
                 record.published_ms = row.Int(12);  // NULL gives 0.
                 return Status::Ok();
               }));
  if (found.has_value()) return std::move(*found);
  return NotFound(fmt::format("there is no run {} in {}", run.value, db.target().Name()));
}

Status ReadFragments(MysqlDb& db, RunRecord* record) {
  return db.Query(
      fmt::format("SELECT fragment_no, slot_from, slot_to, node, token, state, spans_expected,"
                  " spans_read, result_rows, started_ms, done_ms FROM fragment WHERE run_id = {}"
                  " ORDER BY fragment_no",
                  record->id.value),
      [record](const MysqlRow& row) {
        FragmentRecord& fragment = record->fragments.emplace_back();
        fragment.no = static_cast<int32_t>(row.Int(0));
        fragment.slots = {static_cast<uint32_t>(row.Int(1)), static_cast<uint32_t>(row.Int(2))};
        fragment.node = NodeId{row.String(3)};
        fragment.token = Token{row.Int(4)};
        fragment.state = row.String(5) == "done" ? FragmentState::kDone : FragmentState::kAssigned;
        fragment.coverage.expected = row.Count(6);
        fragment.coverage.read = row.Count(7);
        fragment.rows = row.Count(8);
        fragment.started_ms = row.Int(9);
        fragment.done_ms = row.Int(10);  // NULL gives 0.
        return Status::Ok();
      });
}

Status ReadRejections(MysqlDb& db, RunRecord* record) {
  return db.Query(
      fmt::format("SELECT fragment_no, reason, spans FROM rejection WHERE run_id = {}",
                  record->id.value),
      [record](const MysqlRow& row) {
        TYMBAL_ASSIGN_OR_RETURN(const RejectReason reason, ParseMysqlRejectReason(row.String(1)));
        const auto no = static_cast<size_t>(row.Int(0));  // Fragments are numbered from 0.
        if (no >= record->fragments.size()) return Internal("a rejection without its fragment");
        record->fragments[no].coverage.rejected[reason] = row.Count(2);
        return Status::Ok();
      });
}

Status InsertRejections(MysqlDb& db, const FragmentCommit& commit) {
  std::string values;
  for (size_t i = 0; i < kRejectReasons; ++i) {
    const uint64_t spans = commit.coverage.rejected.by_reason[i];
    if (spans == 0) continue;
    fmt::format_to(std::back_inserter(values), "{}({},{},'{}',{})", values.empty() ? "" : ",",
                   commit.run.value, commit.fragment_no,
                   RejectReasonName(static_cast<RejectReason>(i)), spans);
  }
  if (values.empty()) return Status::Ok();
  return db.Execute("INSERT INTO rejection (run_id, fragment_no, reason, spans) VALUES " + values);
}

}  // namespace

Status CheckMysqlEpoch(MysqlDb& db, Epoch epoch, MysqlLock lock) {
  std::optional<int64_t> current;
  TYMBAL_RETURN_IF_ERROR(
      db.Query(fmt::format("SELECT epoch FROM cluster WHERE id = 1{}", ClauseOf(lock)),
               [&current](const MysqlRow& row) {
                 current = row.Int(0);
                 return Status::Ok();
               }));
  if (!current.has_value()) {
    return Internal("the table cluster of the store is empty; run `tymbal schema migrate`");
  }
  if (epoch.value > 0 && epoch.value == *current) return Status::Ok();
  return Fenced(fmt::format("epoch {} is not the current one, which is {}: there is another master",
                            epoch.value, *current));
}

Result<Epoch> TakeMysqlEpoch(MysqlDb& db, const NodeId& holder, Epoch above) {
  TYMBAL_RETURN_IF_ERROR(db.Execute(
      fmt::format("UPDATE cluster SET epoch = GREATEST(epoch, {}) + 1, holder = {} WHERE id = 1",
                  above.value, MysqlBytes(holder.value))));
  Epoch epoch;
  TYMBAL_RETURN_IF_ERROR(
      db.Query("SELECT epoch FROM cluster WHERE id = 1", [&epoch](const MysqlRow& row) {
        epoch = Epoch{row.Int(0)};
        return Status::Ok();
      }));
  if (epoch.value > 0) return epoch;
  return Internal("the table cluster of the store is empty; run `tymbal schema migrate`");
}

Result<std::optional<int64_t>> ReadMysqlFirstPeriod(MysqlDb& db) {
  std::optional<int64_t> first_ms;
  TYMBAL_RETURN_IF_ERROR(
      db.Query("SELECT first_period_start FROM job WHERE id = 1", [&first_ms](const MysqlRow& row) {
        first_ms = row.Int(0);
        return Status::Ok();
      }));
  return first_ms;
}

Result<std::vector<PeriodLedger>> ReadMysqlLedger(MysqlDb& db, int64_t from_ms, size_t limit) {
  std::vector<PeriodLedger> periods;
  TYMBAL_RETURN_IF_ERROR(db.Query(
      fmt::format("SELECT period_start, period_end, run_id, attempt, state, reason, created_ms,"
                  " published_ms FROM run WHERE period_start >= {} AND run_id ="
                  " (SELECT other.run_id FROM run other WHERE other.period_start = run.period_start"
                  " ORDER BY CASE other.state WHEN 'published' THEN 0 WHEN 'open' THEN 1"
                  " WHEN 'failed' THEN 2 ELSE 3 END, other.attempt DESC LIMIT 1)"
                  " ORDER BY period_start LIMIT {}",
                  from_ms, limit),
      [&periods](const MysqlRow& row) {
        TYMBAL_ASSIGN_OR_RETURN(const RunState state, ParseMysqlRunState(row.String(4)));
        PeriodLedger& period = periods.emplace_back();
        period.period = {row.Int(0), row.Int(1)};
        period.run = RunId{row.Int(2)};
        period.attempt = static_cast<int32_t>(row.Int(3));
        period.state = state;
        period.reason = row.String(5);
        period.created_ms = row.Int(6);
        period.published_ms = row.Int(7);  // NULL gives 0.
        return Status::Ok();
      }));
  return periods;
}

Result<RunId> TakeMysqlRunId(MysqlDb& db) {
  TYMBAL_RETURN_IF_ERROR(
      db.Execute("UPDATE cluster SET last_run_id = last_run_id + 1 WHERE id = 1"));
  RunId run;
  TYMBAL_RETURN_IF_ERROR(
      db.Query("SELECT last_run_id FROM cluster WHERE id = 1", [&run](const MysqlRow& row) {
        run = RunId{row.Int(0)};
        return Status::Ok();
      }));
  return run;
}

Result<RunRecord> ReadMysqlRun(MysqlDb& db, RunId run, MysqlLock lock) {
  TYMBAL_ASSIGN_OR_RETURN(RunRecord record, ReadRunRow(db, run, lock));
  TYMBAL_RETURN_IF_ERROR(ReadFragments(db, &record));
  TYMBAL_RETURN_IF_ERROR(ReadRejections(db, &record));
  return record;
}

Result<std::vector<RunId>> FindMysqlRuns(MysqlDb& db, std::string_view sql) {
  std::vector<RunId> runs;
  TYMBAL_RETURN_IF_ERROR(db.Query(sql, [&runs](const MysqlRow& row) {
    runs.push_back(RunId{row.Int(0)});
    return Status::Ok();
  }));
  return runs;
}

Result<MysqlRunFacts> ReadMysqlRunFacts(MysqlDb& db, RunId run, MysqlLock lock) {
  std::optional<MysqlRunFacts> facts;
  TYMBAL_RETURN_IF_ERROR(
      db.Query(fmt::format("SELECT state, period_start FROM run WHERE run_id = {}{}", run.value,
                           ClauseOf(lock)),
               [&facts](const MysqlRow& row) {
                 facts.emplace();
                 TYMBAL_ASSIGN_OR_RETURN(facts->state, ParseMysqlRunState(row.String(0)));
                 facts->period_start_ms = row.Int(1);
                 return Status::Ok();
               }));
  if (facts.has_value()) return *facts;
  return NotFound(fmt::format("there is no run {} in {}", run.value, db.target().Name()));
}

Result<MysqlFragmentFacts> LockMysqlFragment(MysqlDb& db, RunId run, int32_t fragment_no) {
  std::optional<MysqlFragmentFacts> facts;
  TYMBAL_RETURN_IF_ERROR(db.Query(fmt::format("SELECT token, state FROM fragment"
                                              " WHERE run_id = {} AND fragment_no = {} FOR UPDATE",
                                              run.value, fragment_no),
                                  [&facts](const MysqlRow& row) {
                                    facts = {.token = Token{row.Int(0)},
                                             .done = row.String(1) == "done"};
                                    return Status::Ok();
                                  }));
  if (facts.has_value()) return *facts;
  return NotFound(fmt::format("there is no fragment {} of run {}", fragment_no, run.value));
}

Status GiveMysqlFragment(MysqlDb& db, RunId run, int32_t fragment_no, Token token,
                         const NodeId& node, int64_t now_ms) {
  return db.Execute(
      fmt::format("UPDATE fragment SET token = {}, node = {}, started_ms = {}"
                  " WHERE run_id = {} AND fragment_no = {}",
                  token.value, MysqlBytes(node.value), now_ms, run.value, fragment_no));
}

Status InsertMysqlRun(MysqlDb& db, const RunRecord& record, uint64_t plan_key) {
  TYMBAL_RETURN_IF_ERROR(db.Execute(fmt::format(
      "INSERT INTO run (run_id, period_start, period_end, attempt, epoch, state, reason, slots,"
      " fingerprint, settings, source, unplaced, plan_key, created_ms)"
      " VALUES ({},{},{},{},{},'open','',{},{},{},{},{},{},{})",
      record.id.value, record.period.start_ms, record.period.end_ms, record.attempt,
      record.epoch.value, record.slots, MysqlBytes(record.input.fingerprint),
      MysqlBytes(record.input.settings), MysqlBytes(record.input.source), record.input.unplaced,
      plan_key, record.created_ms)));
  // A plan has a few hundred fragments at most: one statement.
  std::string sql =
      "INSERT INTO fragment (run_id, fragment_no, slot_from, slot_to, node, token, state,"
      " started_ms) VALUES ";
  for (const FragmentRecord& fragment : record.fragments) {
    fmt::format_to(std::back_inserter(sql), "{}({},{},{},{},{},{},'assigned',{})",
                   fragment.no == 0 ? "" : ",", record.id.value, fragment.no, fragment.slots.from,
                   fragment.slots.to, MysqlBytes(fragment.node.value), fragment.token.value,
                   record.created_ms);
  }
  return db.Execute(sql);
}

Status MarkMysqlFragmentDone(MysqlDb& db, const FragmentCommit& commit, const CommitTotals& totals,
                             int64_t now_ms) {
  TYMBAL_RETURN_IF_ERROR(InsertRejections(db, commit));
  TYMBAL_RETURN_IF_ERROR(db.Execute(
      fmt::format("UPDATE fragment SET state = 'done', spans_expected = {}, spans_read = {},"
                  " spans_rejected = {}, calls = {}, result_rows = {}, done_ms = {}"
                  " WHERE run_id = {} AND fragment_no = {}",
                  commit.coverage.expected, commit.coverage.read, commit.coverage.rejected.Total(),
                  totals.calls, totals.rows, now_ms, commit.run.value, commit.fragment_no)));
  if (!commit.unplaced) return Status::Ok();
  return db.Execute(fmt::format("UPDATE run SET unplaced = {} WHERE run_id = {}", *commit.unplaced,
                                commit.run.value));
}

Status SetMysqlRunState(MysqlDb& db, RunId run, RunState state, std::string_view reason,
                        int64_t now_ms) {
  const std::string published =
      state == RunState::kPublished ? fmt::format(", published_ms = {}", now_ms) : "";
  return db.Execute(fmt::format("UPDATE run SET state = '{}', reason = {}{} WHERE run_id = {}",
                                RunStateName(state), MysqlBytes(reason), published, run.value));
}

Result<RunState> ParseMysqlRunState(std::string_view name) {
  for (const RunState state :
       {RunState::kOpen, RunState::kPublished, RunState::kSuperseded, RunState::kFailed}) {
    if (RunStateName(state) == name) return state;
  }
  return Internal(fmt::format("the store holds an unknown state of a run: {}", name));
}

Result<RejectReason> ParseMysqlRejectReason(std::string_view name) {
  for (size_t i = 0; i < kRejectReasons; ++i) {
    const auto reason = static_cast<RejectReason>(i);
    if (RejectReasonName(reason) == name) return reason;
  }
  return Internal(fmt::format("the store holds an unknown reason of rejection: {}", name));
}

}  // namespace tymbal
