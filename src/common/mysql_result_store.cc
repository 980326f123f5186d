#include "common/mysql_result_store.h"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "common/check.h"
#include "common/mysql_ledger.h"
#include "common/mysql_ranking.h"
#include "common/mysql_report.h"
#include "common/mysql_rows.h"
#include "common/mysql_schema.h"
#include "common/period.h"
#include "common/result_check.h"
#include "common/time_text.h"

namespace tymbal {
namespace {

/// Rows of one page of a visit: with names and histogram a few MB at most.
constexpr size_t kVisitRows = 1000;
/// Rows that one transaction of a purge deletes: tenths of a second.
constexpr size_t kPurgeRows = 2000;

Status StateConflict(RunId run, RunState state, std::string_view wish) {
  return Conflict(fmt::format("run {} is {}: {}", run.value, RunStateName(state), wish));
}

}  // namespace

Result<std::unique_ptr<MysqlResultStore>> MysqlResultStore::Open(const MysqlStoreOptions& options) {
  const MysqlRuntime& runtime = options.runtime;
  TYMBAL_CHECK(runtime.now_ms != nullptr && runtime.steady_ms != nullptr &&
                   runtime.pause != nullptr && runtime.random != nullptr,
               "a store without time or chance");
  std::unique_ptr<MysqlResultStore> store(  // NOLINT: private constructor
      new MysqlResultStore(options));
  // One attempt, so that whoever mistyped an address hears of it; once open, a store is patient.
  TYMBAL_RETURN_IF_ERROR(store->db_.Connect());
  TYMBAL_RETURN_IF_ERROR(CheckMysqlSchema(store->db_));
  return store;
}

template <typename Body>
auto MysqlResultStore::Transact(MysqlTransactionKind kind, const Body& body) -> decltype(body()) {
  decltype(body()) result = Internal("the transaction has not run");
  const Status status = RunMysqlTransaction(db_, runtime_, kind, [&result, &body] {
    result = body();
    return result.has_value() ? Status::Ok() : result.error();
  });
  if (!status.ok()) return status;
  return result;
}

Status MysqlResultStore::Write(const std::function<Status()>& body) {
  return RunMysqlTransaction(db_, runtime_, MysqlTransactionKind::kWrite, body);
}

Result<Epoch> MysqlResultStore::TakeEpoch(const NodeId& holder, Epoch above) {
  return Transact(MysqlTransactionKind::kWrite, [&] { return TakeMysqlEpoch(db_, holder, above); });
}

Result<int64_t> MysqlResultStore::FixFirstPeriod(Epoch epoch, int64_t proposed_start_ms) {
  return Transact(MysqlTransactionKind::kWrite, [&]() -> Result<int64_t> {
    TYMBAL_RETURN_IF_ERROR(CheckMysqlEpoch(db_, epoch, MysqlLock::kUpdate));
    TYMBAL_RETURN_IF_ERROR(db_.Execute(fmt::format(
        "INSERT INTO job (id, first_period_start) VALUES (1, {}) ON DUPLICATE KEY UPDATE id = 1",
        proposed_start_ms)));
    TYMBAL_ASSIGN_OR_RETURN(const auto first_ms, ReadMysqlFirstPeriod(db_));
    return first_ms.value_or(proposed_start_ms);
  });
}

Result<std::optional<int64_t>> MysqlResultStore::ReadFirstPeriod() {
  return Transact(MysqlTransactionKind::kRead, [&] { return ReadMysqlFirstPeriod(db_); });
}

Result<std::vector<PeriodLedger>> MysqlResultStore::ReadLedger(int64_t from_ms, size_t limit) {
  return Transact(MysqlTransactionKind::kRead,
                  [&] { return ReadMysqlLedger(db_, from_ms, limit); });
}

Status MysqlResultStore::CheckNoOverlap(const Period& period) {
  Status status;
  TYMBAL_RETURN_IF_ERROR(db_.Query(
      fmt::format(
          "SELECT run_id, period_start, period_end, state FROM run"
          " WHERE state IN ('open', 'published') AND period_start < {1} AND period_end > {0}"
          " AND (state = 'open' OR period_start <> {0} OR period_end <> {1})"
          " ORDER BY period_start <> {0} OR period_end <> {1}, run_id LIMIT 1",
          period.start_ms, period.end_ms),
      [&status, &period](const MysqlRow& row) {
        const Period other = {row.Int(1), row.Int(2)};
        if (other == period) {
          status = Conflict(fmt::format("run {} of the period from {} ms on is open", row.Int(0),
                                        period.start_ms));
          return Status::Ok();
        }
        const std::string length = FormatDurationMs(other.end_ms - other.start_ms);
        status = Conflict(fmt::format(
            "the period from {} on, of {}, overlaps one of {} (run {}, {}): a store holds one "
            "period length; give --period {}, or another --store",
            TimeZone::Utc().FormatShort(period.start_ms),
            FormatDurationMs(period.end_ms - period.start_ms), length, row.Int(0), row.String(3),
            length));
        return Status::Ok();
      }));
  return status;
}

Result<RunRecord> MysqlResultStore::PlanOnce(Epoch epoch, const RunPlan& plan, uint64_t plan_key,
                                             int64_t created_ms) {
  TYMBAL_RETURN_IF_ERROR(CheckMysqlEpoch(db_, epoch, MysqlLock::kUpdate));
  // A COMMIT of ours whose reply was lost.
  TYMBAL_ASSIGN_OR_RETURN(
      const std::vector<RunId> mine,
      FindMysqlRuns(db_, fmt::format("SELECT run_id FROM run WHERE period_start = {}"
                                     " AND plan_key = {} AND epoch = {}",
                                     plan.period.start_ms, plan_key, epoch.value)));
  if (!mine.empty()) return ReadMysqlRun(db_, mine.front(), MysqlLock::kNone);
  TYMBAL_RETURN_IF_ERROR(CheckNoOverlap(plan.period));
  RunRecord record;
  TYMBAL_ASSIGN_OR_RETURN(record.id, TakeMysqlRunId(db_));
  TYMBAL_RETURN_IF_ERROR(db_.Query(
      fmt::format("SELECT MAX(attempt) FROM run WHERE period_start = {}", plan.period.start_ms),
      [&record](const MysqlRow& row) {
        record.attempt = static_cast<int32_t>(row.Int(0)) + 1;  // NULL gives 0.
        return Status::Ok();
      }));
  record.period = plan.period;
  record.epoch = epoch;
  record.slots = plan.slots;
  record.input = plan.input;
  record.created_ms = created_ms;
  for (const FragmentPlan& planned : plan.fragments) {
    FragmentRecord& fragment = record.fragments.emplace_back();
    fragment.no = static_cast<int32_t>(record.fragments.size() - 1);
    fragment.slots = planned.slots;
    fragment.node = planned.node;
    fragment.token = Token{1};
    fragment.started_ms = record.created_ms;
  }
  TYMBAL_RETURN_IF_ERROR(InsertMysqlRun(db_, record, plan_key));
  return record;
}

Result<RunRecord> MysqlResultStore::PlanRun(Epoch epoch, const RunPlan& plan) {
  TYMBAL_RETURN_IF_ERROR(CheckPlan(plan));
  const uint64_t plan_key = runtime_.random();
  const int64_t created_ms = runtime_.now_ms();
  return Transact(MysqlTransactionKind::kWrite,
                  [&] { return PlanOnce(epoch, plan, plan_key, created_ms); });
}

Result<Token> MysqlResultStore::HandOver(Epoch epoch, RunId run, int32_t fragment_no,
                                         const NodeId& node) {
  const auto once = [&]() -> Result<Token> {
    TYMBAL_RETURN_IF_ERROR(CheckMysqlEpoch(db_, epoch, MysqlLock::kShare));
    TYMBAL_ASSIGN_OR_RETURN(const MysqlFragmentFacts fragment,
                            LockMysqlFragment(db_, run, fragment_no));
    TYMBAL_ASSIGN_OR_RETURN(const MysqlRunFacts facts,
                            ReadMysqlRunFacts(db_, run, MysqlLock::kShare));
    if (facts.state != RunState::kOpen) return StateConflict(run, facts.state, "no hand-over");
    if (fragment.done) {
      return Conflict(fmt::format("fragment {} of run {} is done", fragment_no, run.value));
    }
    // Repeated after a lost COMMIT it takes one token more: tokens only have to grow.
    const Token token{fragment.token.value + 1};
    TYMBAL_RETURN_IF_ERROR(
        GiveMysqlFragment(db_, run, fragment_no, token, node, runtime_.now_ms()));
    return token;
  };
  return Transact(MysqlTransactionKind::kWrite, once);
}

Result<CommitOutcome> MysqlResultStore::CommitOnce(const FragmentCommit& commit) {
  TYMBAL_ASSIGN_OR_RETURN(const MysqlFragmentFacts fragment,
                          LockMysqlFragment(db_, commit.run, commit.fragment_no));
  if (fragment.token != commit.token) {
    return Fenced(fmt::format("fragment {} of run {} was handed over: its token is {}, not {}",
                              commit.fragment_no, commit.run.value, fragment.token.value,
                              commit.token.value));
  }
  if (fragment.done) return CommitOutcome::kAlreadyCommitted;
  TYMBAL_ASSIGN_OR_RETURN(const MysqlRunFacts run,
                          ReadMysqlRunFacts(db_, commit.run, MysqlLock::kShare));
  if (run.state != RunState::kOpen) {
    return Fenced(fmt::format("run {} is {}: nothing of it is committed any more", commit.run.value,
                              RunStateName(run.state)));
  }
  const int64_t now_ms = runtime_.now_ms();
  const RowOwner owner = OwnerOf(commit, run.period_start_ms, now_ms);
  TYMBAL_ASSIGN_OR_RETURN(const CommitTotals totals,
                          WriteChecked(commit, [&](std::span<const StatRow> rows) {
                            return WriteMysqlRows(db_, owner, rows);
                          }));
  TYMBAL_RETURN_IF_ERROR(MarkMysqlFragmentDone(db_, commit, totals, now_ms));
  return CommitOutcome::kCommitted;
}

Result<CommitOutcome> MysqlResultStore::CommitFragment(const FragmentCommit& commit) {
  TYMBAL_RETURN_IF_ERROR(CheckCommit(commit));
  return Transact(MysqlTransactionKind::kWrite, [&] { return CommitOnce(commit); });
}

Status MysqlResultStore::VisitMethodRows(RunId run,
                                         const std::function<Status(const StatRow&)>& visit) {
  // Page by page, each a snapshot of its own: rows are never changed, and a visitor that takes its
  // time must not hold a transaction open.
  uint64_t next_id = 0;
  while (true) {
    const auto read_page = [&]() -> Result<std::vector<StatRow>> {
      TYMBAL_ASSIGN_OR_RETURN(const MysqlRunFacts facts,
                              ReadMysqlRunFacts(db_, run, MysqlLock::kNone));
      return ReadMysqlMethodRows(db_, run, facts.period_start_ms, next_id, kVisitRows);
    };
    TYMBAL_ASSIGN_OR_RETURN(const std::vector<StatRow> page,
                            Transact(MysqlTransactionKind::kRead, read_page));
    for (const StatRow& row : page) TYMBAL_RETURN_IF_ERROR(visit(row));
    if (page.size() < kVisitRows || page.back().endpoint_id == UINT64_MAX) return Status::Ok();
    next_id = page.back().endpoint_id + 1;
  }
}

Status MysqlResultStore::PublishOnce(Epoch epoch, RunId run, const Publication& publication) {
  TYMBAL_RETURN_IF_ERROR(CheckMysqlEpoch(db_, epoch, MysqlLock::kShare));
  TYMBAL_ASSIGN_OR_RETURN(const RunRecord record, ReadMysqlRun(db_, run, MysqlLock::kUpdate));
  if (record.state == RunState::kPublished) return Status::Ok();
  if (record.state != RunState::kOpen) {
    return StateConflict(run, record.state, "it can't be published");
  }
  for (const FragmentRecord& fragment : record.fragments) {
    // Read without a lock: what is done stays done.
    if (fragment.state == FragmentState::kDone) continue;
    return Conflict(fmt::format("fragment {} of run {} isn't done", fragment.no, run.value));
  }
  const int64_t now_ms = runtime_.now_ms();
  TYMBAL_RETURN_IF_ERROR(
      WriteMysqlRows(db_, {.run = run, .period_start_ms = record.period.start_ms, .now_ms = now_ms},
                     publication.rollup_rows));
  TYMBAL_RETURN_IF_ERROR(WriteMysqlRanking(db_, run, record.period.start_ms, publication.ranking));
  TYMBAL_ASSIGN_OR_RETURN(
      const std::vector<RunId> former,
      FindMysqlRuns(db_, fmt::format("SELECT run_id FROM run WHERE published_start = {} FOR UPDATE",
                                     record.period.start_ms)));
  for (const RunId old : former) {
    TYMBAL_RETURN_IF_ERROR(SetMysqlRunState(db_, old, RunState::kSuperseded, "", now_ms));
  }
  return SetMysqlRunState(db_, run, RunState::kPublished, "", now_ms);
}

Status MysqlResultStore::PublishRun(Epoch epoch, RunId run, const Publication& publication) {
  TYMBAL_RETURN_IF_ERROR(CheckRollup(publication.rollup_rows));
  return Write([&] { return PublishOnce(epoch, run, publication); });
}

Status MysqlResultStore::FailRun(Epoch epoch, RunId run, std::string_view reason) {
  return Write([&]() -> Status {
    TYMBAL_RETURN_IF_ERROR(CheckMysqlEpoch(db_, epoch, MysqlLock::kShare));
    TYMBAL_ASSIGN_OR_RETURN(const MysqlRunFacts facts,
                            ReadMysqlRunFacts(db_, run, MysqlLock::kUpdate));
    if (facts.state == RunState::kFailed) return Status::Ok();
    if (facts.state != RunState::kOpen) return StateConflict(run, facts.state, "it can't fail");
    return SetMysqlRunState(db_, run, RunState::kFailed, reason, runtime_.now_ms());
  });
}

Status MysqlResultStore::PurgeRun(RunId run) {
  // In steps: nobody sees the rows of such a run any more, and a run never leaves these states.
  while (true) {
    const auto step = [&]() -> Result<uint64_t> {
      TYMBAL_ASSIGN_OR_RETURN(const MysqlRunFacts facts,
                              ReadMysqlRunFacts(db_, run, MysqlLock::kShare));
      if (facts.state == RunState::kOpen || facts.state == RunState::kPublished) {
        return StateConflict(run, facts.state, "its results stay");
      }
      return DeleteMysqlRows(db_, run, facts.period_start_ms, kPurgeRows);
    };
    TYMBAL_ASSIGN_OR_RETURN(const uint64_t deleted, Transact(MysqlTransactionKind::kWrite, step));
    if (deleted == 0) return Status::Ok();
  }
}

Result<RunRecord> MysqlResultStore::ReadRun(RunId run) {
  return Transact(MysqlTransactionKind::kRead,
                  [&] { return ReadMysqlRun(db_, run, MysqlLock::kNone); });
}

Result<std::vector<RunRecord>> MysqlResultStore::ReadOpenRuns() {
  return Transact(MysqlTransactionKind::kRead, [&]() -> Result<std::vector<RunRecord>> {
    TYMBAL_ASSIGN_OR_RETURN(const std::vector<RunId> open,
                            FindMysqlRuns(db_,
                                          "SELECT run_id FROM run WHERE open_start IS NOT NULL"
                                          " ORDER BY open_start"));
    std::vector<RunRecord> records;
    for (const RunId run : open) {
      TYMBAL_ASSIGN_OR_RETURN(RunRecord record, ReadMysqlRun(db_, run, MysqlLock::kNone));
      records.push_back(std::move(record));
    }
    return records;
  });
}

Result<std::optional<RunRecord>> MysqlResultStore::ReadPublishedRun(int64_t start_ms) {
  return Transact(MysqlTransactionKind::kRead, [&]() -> Result<std::optional<RunRecord>> {
    TYMBAL_ASSIGN_OR_RETURN(
        const std::vector<RunId> published,
        FindMysqlRuns(db_,
                      fmt::format("SELECT run_id FROM run WHERE published_start = {}", start_ms)));
    if (published.empty()) return std::optional<RunRecord>();
    TYMBAL_ASSIGN_OR_RETURN(RunRecord record,
                            ReadMysqlRun(db_, published.front(), MysqlLock::kNone));
    return std::optional<RunRecord>(std::move(record));
  });
}

Result<std::vector<StatReportRow>> MysqlResultStore::ReadStats(const StatQuery& query) {
  return Transact(MysqlTransactionKind::kRead, [&] { return ReadMysqlStats(db_, query); });
}

Result<std::vector<SlowReportRow>> MysqlResultStore::ReadSlowCalls(const RowFilter& filter,
                                                                   size_t limit) {
  return Transact(MysqlTransactionKind::kRead,
                  [&] { return ReadMysqlSlowCalls(db_, filter, limit); });
}

Result<std::vector<PeriodReportRow>> MysqlResultStore::ReadPeriods(int64_t from_ms, int64_t to_ms) {
  return Transact(MysqlTransactionKind::kRead,
                  [&] { return ReadMysqlPeriods(db_, from_ms, to_ms); });
}

Result<std::optional<int64_t>> MysqlResultStore::LastPublishedStart() {
  return Transact(MysqlTransactionKind::kRead, [&] { return ReadMysqlLastPublishedStart(db_); });
}

}  // namespace tymbal
