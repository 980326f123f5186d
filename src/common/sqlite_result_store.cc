#include "common/sqlite_result_store.h"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "common/check.h"
#include "common/period.h"
#include "common/result_check.h"
#include "common/sqlite_ledger.h"
#include "common/sqlite_ranking.h"
#include "common/sqlite_report.h"
#include "common/sqlite_rows.h"
#include "common/sqlite_schema.h"
#include "common/time_text.h"

namespace tymbal {
namespace {

/// What a commit has to know of the ledger before it writes.
struct FragmentFacts {
  Token token;
  bool done = false;
  RunState run_state = RunState::kOpen;
  int64_t period_start_ms = 0;
};

Result<FragmentFacts> ReadFacts(SqliteDb& db, RunId run, int32_t fragment_no) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement select,
                          db.Prepare("SELECT f.token, f.state = 'done', r.state, r.period_start"
                                     " FROM fragment f JOIN run r ON r.run_id = f.run_id"
                                     " WHERE f.run_id = ? AND f.fragment_no = ?"));
  select.BindInt(1, run.value);
  select.BindInt(2, fragment_no);
  TYMBAL_ASSIGN_OR_RETURN(const bool found, select.Step());
  if (!found) {
    return NotFound(fmt::format("there is no fragment {} of run {}", fragment_no, run.value));
  }
  FragmentFacts facts;
  facts.token = Token{select.Int(0)};
  facts.done = select.Int(1) != 0;
  TYMBAL_ASSIGN_OR_RETURN(facts.run_state, ParseRunState(select.Bytes(2)));
  facts.period_start_ms = select.Int(3);
  return facts;
}

Status StateConflict(RunId run, RunState state, std::string_view wish) {
  return Conflict(fmt::format("run {} is {}: {}", run.value, RunStateName(state), wish));
}

}  // namespace

Result<std::unique_ptr<SqliteResultStore>> SqliteResultStore::Open(const SqliteOptions& options) {
  TYMBAL_CHECK(options.now != nullptr, "a store without a clock");
  TYMBAL_ASSIGN_OR_RETURN(
      std::unique_ptr<SqliteDb> db,
      OpenSqliteStore(
          {.path = options.path, .create = options.create, .read_only = options.read_only}));
  return std::unique_ptr<SqliteResultStore>(  // NOLINT: private constructor
      new SqliteResultStore(std::move(db), options.now));
}

Result<SqliteTransaction> SqliteResultStore::BeginWrite() {
  return SqliteTransaction::Begin(*db_, SqliteTransaction::Kind::kWrite);
}

Result<SqliteTransaction> SqliteResultStore::BeginRead() {
  return SqliteTransaction::Begin(*db_, SqliteTransaction::Kind::kRead);
}

Result<Epoch> SqliteResultStore::TakeEpoch(const NodeId& holder, Epoch above) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction, BeginWrite());
  {
    TYMBAL_ASSIGN_OR_RETURN(
        SqliteStatement update,
        db_->Prepare("UPDATE cluster SET epoch = max(epoch, ?) + 1, holder = ? WHERE id = 1"));
    update.BindInt(1, above.value);
    update.BindText(2, holder.value);
    TYMBAL_RETURN_IF_ERROR(update.Run());
  }
  TYMBAL_ASSIGN_OR_RETURN(const int64_t epoch, db_->QueryInt("SELECT epoch FROM cluster"));
  TYMBAL_RETURN_IF_ERROR(transaction.Commit());
  return Epoch{epoch};
}

Result<int64_t> SqliteResultStore::FixFirstPeriod(Epoch epoch, int64_t proposed_start_ms) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction, BeginWrite());
  TYMBAL_RETURN_IF_ERROR(CheckSqliteEpoch(*db_, epoch));
  {
    TYMBAL_ASSIGN_OR_RETURN(
        SqliteStatement insert,
        db_->Prepare("INSERT OR IGNORE INTO job (id, first_period_start) VALUES (1, ?)"));
    insert.BindInt(1, proposed_start_ms);
    TYMBAL_RETURN_IF_ERROR(insert.Run());
  }
  TYMBAL_ASSIGN_OR_RETURN(const int64_t first_ms,
                          db_->QueryInt("SELECT first_period_start FROM job"));
  TYMBAL_RETURN_IF_ERROR(transaction.Commit());
  return first_ms;
}

Result<std::optional<int64_t>> SqliteResultStore::ReadFirstPeriod() {
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement select,
                          db_->Prepare("SELECT first_period_start FROM job"));
  TYMBAL_ASSIGN_OR_RETURN(const bool row, select.Step());
  return row ? std::optional<int64_t>(select.Int(0)) : std::nullopt;
}

Result<std::vector<PeriodLedger>> SqliteResultStore::ReadLedger(int64_t from_ms, size_t limit) {
  return ReadSqliteLedger(*db_, from_ms, limit);
}

Status SqliteResultStore::CheckNoOverlap(const Period& period) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_->Prepare("SELECT run_id, period_start, period_end, state FROM run"
                   " WHERE state IN ('open', 'published') AND period_start < ?2 AND period_end > ?1"
                   " AND (state = 'open' OR period_start <> ?1 OR period_end <> ?2)"
                   " ORDER BY period_start <> ?1 OR period_end <> ?2, run_id LIMIT 1"));
  select.BindInt(1, period.start_ms);
  select.BindInt(2, period.end_ms);
  TYMBAL_ASSIGN_OR_RETURN(const bool found, select.Step());
  if (!found) return Status::Ok();
  const int64_t run = select.Int(0);
  const Period other = {select.Int(1), select.Int(2)};
  if (other == period) {
    return Conflict(
        fmt::format("run {} of the period from {} ms on is open", run, period.start_ms));
  }
  const std::string length = FormatDurationMs(other.end_ms - other.start_ms);
  return Conflict(fmt::format(
      "the period from {} on, of {}, overlaps one of {} (run {}, {}): a store holds one period "
      "length; give --period {}, or another --store",
      TimeZone::Utc().FormatShort(period.start_ms),
      FormatDurationMs(period.end_ms - period.start_ms), length, run, select.Bytes(3), length));
}

Result<RunRecord> SqliteResultStore::PlanRun(Epoch epoch, const RunPlan& plan) {
  TYMBAL_RETURN_IF_ERROR(CheckPlan(plan));
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction, BeginWrite());
  TYMBAL_RETURN_IF_ERROR(CheckSqliteEpoch(*db_, epoch));
  TYMBAL_RETURN_IF_ERROR(CheckNoOverlap(plan.period));
  RunRecord record;
  {
    TYMBAL_ASSIGN_OR_RETURN(SqliteStatement last,
                            db_->Prepare("SELECT max(attempt) FROM run WHERE period_start = ?"));
    last.BindInt(1, plan.period.start_ms);
    TYMBAL_ASSIGN_OR_RETURN(const bool row, last.Step());
    record.attempt = row ? static_cast<int32_t>(last.Int(0)) + 1 : 1;  // NULL gives 0.
  }
  record.period = plan.period;
  record.epoch = epoch;
  record.slots = plan.slots;
  record.input = plan.input;
  record.created_ms = now_();
  for (const FragmentPlan& planned : plan.fragments) {
    FragmentRecord& fragment = record.fragments.emplace_back();
    fragment.no = static_cast<int32_t>(record.fragments.size() - 1);
    fragment.slots = planned.slots;
    fragment.node = planned.node;
    fragment.token = Token{1};
    fragment.started_ms = record.created_ms;
  }
  TYMBAL_RETURN_IF_ERROR(InsertSqliteRun(*db_, &record));
  TYMBAL_RETURN_IF_ERROR(transaction.Commit());
  return record;
}

Result<Token> SqliteResultStore::HandOver(Epoch epoch, RunId run, int32_t fragment_no,
                                          const NodeId& node) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction, BeginWrite());
  TYMBAL_RETURN_IF_ERROR(CheckSqliteEpoch(*db_, epoch));
  TYMBAL_ASSIGN_OR_RETURN(const FragmentFacts facts, ReadFacts(*db_, run, fragment_no));
  if (facts.run_state != RunState::kOpen) {
    return StateConflict(run, facts.run_state, "no hand-over");
  }
  if (facts.done) {
    return Conflict(fmt::format("fragment {} of run {} is done", fragment_no, run.value));
  }
  const Token token{facts.token.value + 1};
  {
    TYMBAL_ASSIGN_OR_RETURN(SqliteStatement update,
                            db_->Prepare("UPDATE fragment SET token = ?, node = ?, started_ms = ?"
                                         " WHERE run_id = ? AND fragment_no = ?"));
    update.BindInt(1, token.value);
    update.BindText(2, node.value);
    update.BindInt(3, now_());
    update.BindInt(4, run.value);
    update.BindInt(5, fragment_no);
    TYMBAL_RETURN_IF_ERROR(update.Run());
  }
  TYMBAL_RETURN_IF_ERROR(transaction.Commit());
  return token;
}

Result<CommitOutcome> SqliteResultStore::CommitFragment(const FragmentCommit& commit) {
  TYMBAL_RETURN_IF_ERROR(CheckCommit(commit));
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction, BeginWrite());
  TYMBAL_ASSIGN_OR_RETURN(const FragmentFacts facts,
                          ReadFacts(*db_, commit.run, commit.fragment_no));
  if (facts.token != commit.token) {
    return Fenced(fmt::format("fragment {} of run {} was handed over: its token is {}, not {}",
                              commit.fragment_no, commit.run.value, facts.token.value,
                              commit.token.value));
  }
  if (facts.done) return CommitOutcome::kAlreadyCommitted;
  if (facts.run_state != RunState::kOpen) {
    return Fenced(fmt::format("run {} is {}: nothing of it is committed any more", commit.run.value,
                              RunStateName(facts.run_state)));
  }
  const int64_t now_ms = now_();
  const RowOwner owner = OwnerOf(commit, facts.period_start_ms, now_ms);
  TYMBAL_ASSIGN_OR_RETURN(const CommitTotals totals,
                          WriteChecked(commit, [&](std::span<const StatRow> rows) {
                            return WriteSqliteRows(*db_, owner, rows);
                          }));
  TYMBAL_RETURN_IF_ERROR(MarkSqliteFragmentDone(*db_, commit, totals, now_ms));
  TYMBAL_RETURN_IF_ERROR(transaction.Commit());
  return CommitOutcome::kCommitted;
}

Status SqliteResultStore::VisitMethodRows(RunId run,
                                          const std::function<Status(const StatRow&)>& visit) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction, BeginRead());
  TYMBAL_ASSIGN_OR_RETURN(const RunRecord record, ReadSqliteRun(*db_, run));
  TYMBAL_RETURN_IF_ERROR(VisitSqliteMethodRows(*db_, run, record.period.start_ms, visit));
  return transaction.Commit();
}

Status SqliteResultStore::SetRunState(RunId run, RunState state, std::string_view reason) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement update,
      db_->Prepare("UPDATE run SET state = ?1, reason = ?2, published_ms ="
                   " CASE ?1 WHEN 'published' THEN ?3 ELSE published_ms END WHERE run_id = ?4"));
  update.BindText(1, RunStateName(state));
  update.BindText(2, reason);
  update.BindInt(3, now_());
  update.BindInt(4, run.value);
  return update.Run();
}

Status SqliteResultStore::PublishRun(Epoch epoch, RunId run, const Publication& publication) {
  TYMBAL_RETURN_IF_ERROR(CheckRollup(publication.rollup_rows));
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction, BeginWrite());
  TYMBAL_RETURN_IF_ERROR(CheckSqliteEpoch(*db_, epoch));
  TYMBAL_ASSIGN_OR_RETURN(const RunRecord record, ReadSqliteRun(*db_, run));
  if (record.state == RunState::kPublished) return Status::Ok();
  if (record.state != RunState::kOpen) {
    return StateConflict(run, record.state, "it can't be published");
  }
  for (const FragmentRecord& fragment : record.fragments) {
    if (fragment.state == FragmentState::kDone) continue;
    return Conflict(fmt::format("fragment {} of run {} isn't done", fragment.no, run.value));
  }
  TYMBAL_RETURN_IF_ERROR(WriteSqliteRows(
      *db_, {.run = run, .period_start_ms = record.period.start_ms, .now_ms = now_()},
      publication.rollup_rows));
  TYMBAL_RETURN_IF_ERROR(WriteSqliteRanking(*db_, run, publication.ranking));
  TYMBAL_ASSIGN_OR_RETURN(
      const std::vector<RunId> former,
      FindSqliteRuns(*db_, "SELECT run_id FROM run WHERE state = 'published' AND period_start = ?",
                     record.period.start_ms));
  for (const RunId old : former) {
    TYMBAL_RETURN_IF_ERROR(SetRunState(old, RunState::kSuperseded, ""));
  }
  TYMBAL_RETURN_IF_ERROR(SetRunState(run, RunState::kPublished, ""));
  return transaction.Commit();
}

Status SqliteResultStore::FailRun(Epoch epoch, RunId run, std::string_view reason) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction, BeginWrite());
  TYMBAL_RETURN_IF_ERROR(CheckSqliteEpoch(*db_, epoch));
  TYMBAL_ASSIGN_OR_RETURN(const RunRecord record, ReadSqliteRun(*db_, run));
  if (record.state == RunState::kFailed) return Status::Ok();
  if (record.state != RunState::kOpen) return StateConflict(run, record.state, "it can't fail");
  TYMBAL_RETURN_IF_ERROR(SetRunState(run, RunState::kFailed, reason));
  return transaction.Commit();
}

Status SqliteResultStore::PurgeRun(RunId run) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction, BeginWrite());
  TYMBAL_ASSIGN_OR_RETURN(const RunRecord record, ReadSqliteRun(*db_, run));
  if (record.state == RunState::kOpen || record.state == RunState::kPublished) {
    return StateConflict(run, record.state, "its results stay");
  }
  {
    TYMBAL_ASSIGN_OR_RETURN(
        SqliteStatement rows,
        db_->Prepare("DELETE FROM endpoint_stat WHERE period_start = ? AND run_id = ?"));
    rows.BindInt(1, record.period.start_ms);
    rows.BindInt(2, run.value);
    TYMBAL_RETURN_IF_ERROR(rows.Run());
    for (const std::string_view sql :
         {"DELETE FROM slow_call WHERE run_id = ?", "DELETE FROM top_method WHERE run_id = ?"}) {
      TYMBAL_ASSIGN_OR_RETURN(SqliteStatement others, db_->Prepare(sql));
      others.BindInt(1, run.value);
      TYMBAL_RETURN_IF_ERROR(others.Run());
    }
  }
  return transaction.Commit();
}

Result<RunRecord> SqliteResultStore::ReadRun(RunId run) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction, BeginRead());
  TYMBAL_ASSIGN_OR_RETURN(RunRecord record, ReadSqliteRun(*db_, run));
  TYMBAL_RETURN_IF_ERROR(transaction.Commit());
  return record;
}

Result<std::vector<RunRecord>> SqliteResultStore::ReadOpenRuns() {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction, BeginRead());
  TYMBAL_ASSIGN_OR_RETURN(
      const std::vector<RunId> open,
      FindSqliteRuns(*db_, "SELECT run_id FROM run WHERE state = 'open' ORDER BY period_start", 0));
  std::vector<RunRecord> records;
  for (const RunId run : open) {
    TYMBAL_ASSIGN_OR_RETURN(RunRecord record, ReadSqliteRun(*db_, run));
    records.push_back(std::move(record));
  }
  TYMBAL_RETURN_IF_ERROR(transaction.Commit());
  return records;
}

Result<std::optional<RunRecord>> SqliteResultStore::ReadPublishedRun(int64_t start_ms) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction, BeginRead());
  TYMBAL_ASSIGN_OR_RETURN(
      const std::vector<RunId> published,
      FindSqliteRuns(*db_, "SELECT run_id FROM run WHERE state = 'published' AND period_start = ?",
                     start_ms));
  std::optional<RunRecord> record;
  if (!published.empty()) {
    TYMBAL_ASSIGN_OR_RETURN(record, ReadSqliteRun(*db_, published.front()));
  }
  TYMBAL_RETURN_IF_ERROR(transaction.Commit());
  return record;
}

Result<std::vector<StatReportRow>> SqliteResultStore::ReadStats(const StatQuery& query) {
  return ReadSqliteStats(*db_, query);
}

Result<std::vector<SlowReportRow>> SqliteResultStore::ReadSlowCalls(const RowFilter& filter,
                                                                    size_t limit) {
  return ReadSqliteSlowCalls(*db_, filter, limit);
}

Result<std::vector<PeriodReportRow>> SqliteResultStore::ReadPeriods(int64_t from_ms,
                                                                    int64_t to_ms) {
  return ReadSqlitePeriods(*db_, from_ms, to_ms);
}

Result<std::optional<int64_t>> SqliteResultStore::LastPublishedStart() {
  return ReadSqliteLastPublishedStart(*db_);
}

}  // namespace tymbal
