#include "support/counting_store.h"

#include <algorithm>
#include <utility>

namespace tymbal::testing {
namespace {

// What stands around the statements of a transaction.
constexpr uint64_t kWrite = 2;  // START TRANSACTION, COMMIT.
constexpr uint64_t kRead = 3;   // SET TRANSACTION, START TRANSACTION, COMMIT.
/// A run with its fragments and rejections.
constexpr uint64_t kRun = 3;
/// Rows of one INSERT, ids of one list, rows of one page: all the same in the adapter.
constexpr uint64_t kRowsMax = 1000;

/// Rows that one step of a purge deletes.
constexpr uint64_t kPurgeRows = 2000;

uint64_t Pages(uint64_t rows) { return (rows + kRowsMax - 1) / kRowsMax; }

}  // namespace

void CountingStore::Count(std::string_view call, uint64_t statements) {
  ++cost_.calls;
  ++cost_.calls_by_name[call];
  cost_.statements += statements;
}

/// Endpoints that are new are looked for, inserted, and read back.
uint64_t CountingStore::StatementsOfRows(RunId run, std::span<const StatRow> rows) {
  uint64_t fresh = 0;
  uint64_t slow_calls = 0;
  for (const StatRow& row : rows) {
    if (endpoints_.insert(row.endpoint_id).second) ++fresh;
    slow_calls += row.slowest.size();
  }
  written_[run].rows += rows.size();
  written_[run].slow_calls += slow_calls;
  return 3 * Pages(fresh) + Pages(rows.size()) + Pages(slow_calls);
}

Result<Epoch> CountingStore::TakeEpoch(const NodeId& holder, Epoch above) {
  Count("TakeEpoch", kWrite + 2);
  return inner_->TakeEpoch(holder, above);
}

Result<RunRecord> CountingStore::PlanRun(Epoch epoch, const RunPlan& plan) {
  // The epoch, a former try of this call, an overlap, the number of the run (2), the attempt, the
  // run, all fragments.
  Count("PlanRun", kWrite + 8);
  return inner_->PlanRun(epoch, plan);
}

Result<Token> CountingStore::HandOver(Epoch epoch, RunId run, int32_t fragment_no,
                                      const NodeId& node) {
  Count("HandOver", kWrite + 4);  // The epoch, the fragment, the run; the new owner.
  return inner_->HandOver(epoch, run, fragment_no, node);
}

Result<CommitOutcome> CountingStore::CommitFragment(const FragmentCommit& commit) {
  Result<CommitOutcome> outcome = inner_->CommitFragment(commit);
  uint64_t statements = kWrite + 1;  // The fragment.
  if (outcome && *outcome == CommitOutcome::kCommitted) {
    statements += 2;  // The run; the fragment is done.
    TYMBAL_RETURN_IF_ERROR(commit.rows.Visit([&](std::span<const StatRow> rows) {
      statements += StatementsOfRows(commit.run, rows);
      return Status::Ok();
    }));
    if (commit.coverage.rejected.Total() > 0) ++statements;
    if (commit.unplaced) ++statements;
  }
  Count("CommitFragment", statements);
  return outcome;
}

Status CountingStore::VisitMethodRows(RunId run,
                                      const std::function<Status(const StatRow&)>& visit) {
  uint64_t rows = 0;
  Status status = inner_->VisitMethodRows(run, [&](const StatRow& row) {
    ++rows;
    return visit(row);
  });
  Count("VisitMethodRows", (kRead + 2) * (rows / kRowsMax + 1));  // The last page is not full.
  return status;
}

Status CountingStore::PublishRun(Epoch epoch, RunId run, const Publication& publication) {
  Status status = inner_->PublishRun(epoch, run, publication);
  // The epoch; a former run of the period, of which there is none; the state.
  Count("PublishRun", kWrite + 1 + kRun + StatementsOfRows(run, publication.rollup_rows) +
                          Pages(publication.ranking.size()) + 2);
  return status;
}

Status CountingStore::FailRun(Epoch epoch, RunId run, std::string_view reason) {
  Count("FailRun", kWrite + 3);
  return inner_->FailRun(epoch, run, reason);
}

Status CountingStore::PurgeRun(RunId run) {
  // Each step reads the run, looks for rows and deletes calls and ranked methods; those that find
  // rows delete them.
  const Written written = std::exchange(written_[run], {});
  const uint64_t with_rows = (written.rows + kPurgeRows - 1) / kPurgeRows;
  const uint64_t with_calls = (written.slow_calls + kPurgeRows - 1) / kPurgeRows;
  Count("PurgeRun", (kWrite + 4) * (std::max(with_rows, with_calls) + 1) + with_rows);
  return inner_->PurgeRun(run);
}

Result<RunRecord> CountingStore::ReadRun(RunId run) {
  Count("ReadRun", kRead + kRun);
  return inner_->ReadRun(run);
}

Result<std::vector<RunRecord>> CountingStore::ReadOpenRuns() {
  Result<std::vector<RunRecord>> runs = inner_->ReadOpenRuns();
  Count("ReadOpenRuns", kRead + 1 + (runs ? kRun * runs->size() : 0));
  if (!runs) return runs;
  for (const RunRecord& run : *runs) cost_.ledger_rows += run.fragments.size();
  return runs;
}

Result<std::optional<RunRecord>> CountingStore::ReadPublishedRun(int64_t start_ms) {
  Result<std::optional<RunRecord>> run = inner_->ReadPublishedRun(start_ms);
  Count("ReadPublishedRun", kRead + 1 + (run && run->has_value() ? kRun : 0));
  return run;
}

Result<int64_t> CountingStore::FixFirstPeriod(Epoch epoch, int64_t proposed_start_ms) {
  Count("FixFirstPeriod", kWrite + 3);
  return inner_->FixFirstPeriod(epoch, proposed_start_ms);
}

Result<std::optional<int64_t>> CountingStore::ReadFirstPeriod() {
  Count("ReadFirstPeriod", kRead + 1);
  return inner_->ReadFirstPeriod();
}

Result<std::vector<PeriodLedger>> CountingStore::ReadLedger(int64_t from_ms, size_t limit) {
  Count("ReadLedger", kRead + 1);
  return inner_->ReadLedger(from_ms, limit);
}

}  // namespace tymbal::testing
