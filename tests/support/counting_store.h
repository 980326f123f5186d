#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "common/result_store.h"

namespace tymbal::testing {

/// What the calls of a result store cost a MySQL server.
struct StoreCost {
  uint64_t calls = 0;
  uint64_t statements = 0;   ///< START TRANSACTION and COMMIT are statements too.
  uint64_t ledger_rows = 0;  ///< Rows of `fragment` that were read.
  std::map<std::string_view, uint64_t> calls_by_name;
};

/// Hands all calls to another store and counts the statements that MysqlResultStore would send for
/// those that succeed, by what its code does: tests/common/mysql_server_test.cc compares the counts
/// with those of a real server. As if all calls came over one connection, which has seen the
/// endpoints of earlier commits. `inner` must outlive it. Thread: that of `inner`.
class CountingStore : public ResultStore {
 public:
  explicit CountingStore(ResultStore* inner) : inner_(inner) {}

  const StoreCost& cost() const { return cost_; }

  using ResultStore::TakeEpoch;
  Result<Epoch> TakeEpoch(const NodeId& holder, Epoch above) override;
  Result<RunRecord> PlanRun(Epoch epoch, const RunPlan& plan) override;
  Result<Token> HandOver(Epoch epoch, RunId run, int32_t fragment_no, const NodeId& node) override;
  Result<CommitOutcome> CommitFragment(const FragmentCommit& commit) override;
  Status VisitMethodRows(RunId run, const std::function<Status(const StatRow&)>& visit) override;
  Status PublishRun(Epoch epoch, RunId run, const Publication& publication) override;
  Status FailRun(Epoch epoch, RunId run, std::string_view reason) override;
  Status PurgeRun(RunId run) override;
  Result<RunRecord> ReadRun(RunId run) override;
  Result<std::vector<RunRecord>> ReadOpenRuns() override;
  Result<std::optional<RunRecord>> ReadPublishedRun(int64_t start_ms) override;
  Result<int64_t> FixFirstPeriod(Epoch epoch, int64_t proposed_start_ms) override;
  Result<std::optional<int64_t>> ReadFirstPeriod() override;
  Result<std::vector<PeriodLedger>> ReadLedger(int64_t from_ms, size_t limit) override;

 private:
  void Count(std::string_view call, uint64_t statements);
  uint64_t StatementsOfRows(RunId run, std::span<const StatRow> rows);

  /// Result rows that were written for a run.
  struct Written {
    uint64_t rows = 0;
    uint64_t slow_calls = 0;
  };

  ResultStore* const inner_;
  StoreCost cost_;
  std::set<uint64_t> endpoints_;  // That were written.
  std::map<RunId, Written> written_;
};

}  // namespace tymbal::testing
