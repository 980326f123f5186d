#include "common/sqlite_ledger.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "common/result_check.h"

namespace tymbal {
namespace {

constexpr std::string_view kAssigned = "assigned";
constexpr std::string_view kDone = "done";

Result<RejectReason> ParseRejectReason(std::string_view name) {
  for (size_t i = 0; i < kRejectReasons; ++i) {
    const auto reason = static_cast<RejectReason>(i);
    if (RejectReasonName(reason) == name) return reason;
  }
  return Internal(fmt::format("the store holds an unknown reason of rejection: {}", name));
}

Result<RunRecord> ReadRunRow(SqliteDb& db, RunId run) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db.Prepare("SELECT period_start, period_end, attempt, epoch, state, reason, slots,"
                 " fingerprint, settings, source, unplaced, created_ms, published_ms"
                 " FROM run WHERE run_id = ?"));
  select.BindInt(1, run.value);
  TYMBAL_ASSIGN_OR_RETURN(const bool found, select.Step());
  if (!found) return NotFound(fmt::format("there is no run {} in {}", run.value, db.path()));
  RunRecord record;
  record.id = run;
  record.period = {select.Int(0), select.Int(1)};
  record.attempt = static_cast<int32_t>(select.Int(2));
  record.epoch = Epoch{select.Int(3)};
  TYMBAL_ASSIGN_OR_RETURN(record.state, ParseRunState(select.Bytes(4)));
  record.reason = select.String(5);
  record.slots = static_cast<uint32_t>(select.Int(6));
  record.input = {.fingerprint = select.String(7),
                  .settings = select.String(8),
                  .source = select.String(9),
                  .unplaced = select.Count(10)};
  record.created_ms = select.Int(11);
  record.published_ms = select.Int(12);  // NULL gives 0.
  return record;
}

Status ReadFragments(SqliteDb& db, RunRecord* record) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db.Prepare("SELECT fragment_no, slot_from, slot_to, node, token, state, spans_expected,"
                 " spans_read, result_rows, started_ms, done_ms FROM fragment WHERE run_id = ?"
                 " ORDER BY fragment_no"));
  select.BindInt(1, record->id.value);
  while (true) {
    TYMBAL_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return Status::Ok();
    FragmentRecord fragment;
    fragment.no = static_cast<int32_t>(select.Int(0));
    fragment.slots = {static_cast<uint32_t>(select.Int(1)), static_cast<uint32_t>(select.Int(2))};
    fragment.node = NodeId{select.String(3)};
    fragment.token = Token{select.Int(4)};
    fragment.state = select.Bytes(5) == kDone ? FragmentState::kDone : FragmentState::kAssigned;
    fragment.coverage.expected = select.Count(6);
    fragment.coverage.read = select.Count(7);
    fragment.rows = select.Count(8);
    fragment.started_ms = select.Int(9);
    fragment.done_ms = select.Int(10);  // NULL gives 0.
    record->fragments.push_back(std::move(fragment));
  }
}

Status ReadRejections(SqliteDb& db, RunRecord* record) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db.Prepare("SELECT fragment_no, reason, spans FROM rejection WHERE run_id = ?"));
  select.BindInt(1, record->id.value);
  while (true) {
    TYMBAL_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return Status::Ok();
    TYMBAL_ASSIGN_OR_RETURN(const RejectReason reason, ParseRejectReason(select.Bytes(1)));
    const auto no = static_cast<size_t>(select.Int(0));  // Fragments are numbered from 0.
    if (no >= record->fragments.size()) return Internal("a rejection without its fragment");
    record->fragments[no].coverage.rejected[reason] = select.Count(2);
  }
}

Status InsertRejections(SqliteDb& db, const FragmentCommit& commit) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement insert,
      db.Prepare("INSERT INTO rejection (run_id, fragment_no, reason, spans) VALUES (?, ?, ?, ?)"));
  for (size_t i = 0; i < kRejectReasons; ++i) {
    const uint64_t spans = commit.coverage.rejected.by_reason[i];
    if (spans == 0) continue;
    insert.BindInt(1, commit.run.value);
    insert.BindInt(2, commit.fragment_no);
    insert.BindText(3, RejectReasonName(static_cast<RejectReason>(i)));
    insert.BindCount(4, spans);
    TYMBAL_RETURN_IF_ERROR(insert.Run());
  }
  return Status::Ok();
}

}  // namespace

Status CheckSqliteEpoch(SqliteDb& db, Epoch epoch) {
  TYMBAL_ASSIGN_OR_RETURN(const int64_t current, db.QueryInt("SELECT epoch FROM cluster"));
  if (epoch.value > 0 && epoch.value == current) return Status::Ok();
  return Fenced(fmt::format("epoch {} is not the current one, which is {}: there is another master",
                            epoch.value, current));
}

Result<RunRecord> ReadSqliteRun(SqliteDb& db, RunId run) {
  TYMBAL_ASSIGN_OR_RETURN(RunRecord record, ReadRunRow(db, run));
  TYMBAL_RETURN_IF_ERROR(ReadFragments(db, &record));
  TYMBAL_RETURN_IF_ERROR(ReadRejections(db, &record));
  return record;
}

Result<std::vector<RunId>> FindSqliteRuns(SqliteDb& db, std::string_view sql, int64_t parameter) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement select, db.Prepare(sql));
  if (sql.find('?') != std::string_view::npos) select.BindInt(1, parameter);
  std::vector<RunId> runs;
  while (true) {
    TYMBAL_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return runs;
    runs.push_back(RunId{select.Int(0)});
  }
}

Status InsertSqliteRun(SqliteDb& db, RunRecord* record) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement insert_run,
      db.Prepare("INSERT INTO run (period_start, period_end, attempt, epoch, state, slots,"
                 " fingerprint, settings, source, unplaced, created_ms)"
                 " VALUES (?, ?, ?, ?, 'open', ?, ?, ?, ?, ?, ?) RETURNING run_id"));
  insert_run.BindInt(1, record->period.start_ms);
  insert_run.BindInt(2, record->period.end_ms);
  insert_run.BindInt(3, record->attempt);
  insert_run.BindInt(4, record->epoch.value);
  insert_run.BindInt(5, record->slots);
  insert_run.BindBlob(6, record->input.fingerprint);
  insert_run.BindText(7, record->input.settings);
  insert_run.BindText(8, record->input.source);
  insert_run.BindCount(9, record->input.unplaced);
  insert_run.BindInt(10, record->created_ms);
  TYMBAL_ASSIGN_OR_RETURN(const bool row, insert_run.Step());
  if (!row) return Internal("the store issued no run number");
  record->id = RunId{insert_run.Int(0)};
  TYMBAL_RETURN_IF_ERROR(insert_run.Run());

  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement insert_fragment,
      db.Prepare("INSERT INTO fragment (run_id, fragment_no, slot_from, slot_to, node, token,"
                 " state, started_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
  for (const FragmentRecord& fragment : record->fragments) {
    insert_fragment.BindInt(1, record->id.value);
    insert_fragment.BindInt(2, fragment.no);
    insert_fragment.BindInt(3, fragment.slots.from);
    insert_fragment.BindInt(4, fragment.slots.to);
    insert_fragment.BindText(5, fragment.node.value);
    insert_fragment.BindInt(6, fragment.token.value);
    insert_fragment.BindText(7, kAssigned);
    insert_fragment.BindInt(8, record->created_ms);
    TYMBAL_RETURN_IF_ERROR(insert_fragment.Run());
  }
  return Status::Ok();
}

Status MarkSqliteFragmentDone(SqliteDb& db, const FragmentCommit& commit,
                              const CommitTotals& totals, int64_t now_ms) {
  TYMBAL_RETURN_IF_ERROR(InsertRejections(db, commit));
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement update,
      db.Prepare("UPDATE fragment SET state = ?, spans_expected = ?, spans_read = ?,"
                 " spans_rejected = ?, calls = ?, result_rows = ?, done_ms = ?"
                 " WHERE run_id = ? AND fragment_no = ?"));
  update.BindText(1, kDone);
  update.BindCount(2, commit.coverage.expected);
  update.BindCount(3, commit.coverage.read);
  update.BindCount(4, commit.coverage.rejected.Total());
  update.BindCount(5, totals.calls);
  update.BindCount(6, totals.rows);
  update.BindInt(7, now_ms);
  update.BindInt(8, commit.run.value);
  update.BindInt(9, commit.fragment_no);
  TYMBAL_RETURN_IF_ERROR(update.Run());
  if (!commit.unplaced) return Status::Ok();
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement run,
                          db.Prepare("UPDATE run SET unplaced = ? WHERE run_id = ?"));
  run.BindCount(1, *commit.unplaced);
  run.BindInt(2, commit.run.value);
  return run.Run();
}

Result<std::vector<PeriodLedger>> ReadSqliteLedger(SqliteDb& db, int64_t from_ms, size_t limit) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db.Prepare("SELECT period_start, period_end, run_id, attempt, state, reason, created_ms,"
                 " published_ms FROM run WHERE period_start >= ?1 AND run_id ="
                 " (SELECT other.run_id FROM run other WHERE other.period_start = run.period_start"
                 " ORDER BY CASE other.state WHEN 'published' THEN 0 WHEN 'open' THEN 1"
                 " WHEN 'failed' THEN 2 ELSE 3 END, other.attempt DESC LIMIT 1)"
                 " ORDER BY period_start LIMIT ?2"));
  select.BindInt(1, from_ms);
  select.BindInt(2, static_cast<int64_t>(limit));
  std::vector<PeriodLedger> periods;
  while (true) {
    TYMBAL_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return periods;
    TYMBAL_ASSIGN_OR_RETURN(const RunState state, ParseRunState(select.Bytes(4)));
    PeriodLedger& period = periods.emplace_back();
    period.period = {select.Int(0), select.Int(1)};
    period.run = RunId{select.Int(2)};
    period.attempt = static_cast<int32_t>(select.Int(3));
    period.state = state;
    period.reason = select.String(5);
    period.created_ms = select.Int(6);
    period.published_ms = select.Int(7);  // NULL gives 0.
  }
}

Result<RejectCounts> SumSqliteRejections(SqliteDb& db, RunId run) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db.Prepare("SELECT reason, sum(spans) FROM rejection WHERE run_id = ? GROUP BY reason"));
  select.BindInt(1, run.value);
  RejectCounts counts;
  while (true) {
    TYMBAL_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return counts;
    TYMBAL_ASSIGN_OR_RETURN(const RejectReason reason, ParseRejectReason(select.Bytes(0)));
    counts[reason] = select.Count(1);
  }
}

Result<RunState> ParseRunState(std::string_view name) {
  for (const RunState state :
       {RunState::kOpen, RunState::kPublished, RunState::kSuperseded, RunState::kFailed}) {
    if (RunStateName(state) == name) return state;
  }
  return Internal(fmt::format("the store holds an unknown state of a run: {}", name));
}

}  // namespace tymbal
