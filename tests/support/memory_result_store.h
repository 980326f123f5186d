#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "common/report_source.h"
#include "common/result_store.h"

namespace tymbal::testing {

/// What a result store holds, in memory: the "file" that several MemoryResultStores share, as nodes
/// share a database. Checkers may look at all of it; only MemoryResultStore writes it.
struct MemoryResults {
  struct Row {
    StatRow row;
    std::optional<int32_t> fragment_no;  ///< None: a row of a service or app.
    Token token;
  };
  struct Run {
    RunRecord record;
    std::map<uint64_t, Row> rows;             ///< By endpoint_id.
    std::vector<uint64_t> calls_by_fragment;  ///< Stays when the rows are purged.
    std::vector<RankedMethod> ranking;        ///< As published; reports don't need it here.
  };

  Epoch epoch;
  NodeId holder;
  std::optional<int64_t> first_period_ms;
  std::map<RunId, Run> runs;  ///< Numbers ascend; none is used twice.
  std::map<uint64_t, std::pair<Level, EndpointName>> endpoints;
};

/// The result store without a database, for unit tests and simulation. It accepts and refuses
/// exactly what the real ones do: tests/contract/result_store_test.cc runs on all of them. No
/// threads, no clock but `now`, nothing random. `results` must outlive it. Thread: one for all
/// stores of `results`.
class MemoryResultStore : public ResultStore, public ReportSource {
 public:
  MemoryResultStore(MemoryResults& results, std::function<int64_t()> now)
      : results_(results), now_(std::move(now)) {}

  using ResultStore::TakeEpoch;
  Result<Epoch> TakeEpoch(const NodeId& holder, Epoch above) override;
  Result<RunRecord> PlanRun(Epoch epoch, const RunPlan& plan) override;
  Result<Token> HandOver(Epoch epoch, RunId run, int32_t fragment_no, const NodeId& node) override;
  Result<CommitOutcome> CommitFragment(const FragmentCommit& commit) override;
  Status VisitMethodRows(RunId run, const std::function<Status(const StatRow&)>& visit) override;
  Status PublishRun(Epoch epoch, RunId run, const Publication& publication) override;
  Status FailRun(Epoch epoch, RunId run, std::string_view reason) override;
  Status PurgeRun(RunId run) override;
  Result<int64_t> FixFirstPeriod(Epoch epoch, int64_t proposed_start_ms) override;
  Result<std::optional<int64_t>> ReadFirstPeriod() override;
  Result<std::vector<PeriodLedger>> ReadLedger(int64_t from_ms, size_t limit) override;
  Result<RunRecord> ReadRun(RunId run) override;
  Result<std::vector<RunRecord>> ReadOpenRuns() override;
  Result<std::optional<RunRecord>> ReadPublishedRun(int64_t start_ms) override;

  Result<std::vector<StatReportRow>> ReadStats(const StatQuery& query) override;
  Result<std::vector<SlowReportRow>> ReadSlowCalls(const RowFilter& filter, size_t limit) override;
  Result<std::vector<PeriodReportRow>> ReadPeriods(int64_t from_ms, int64_t to_ms) override;
  Result<std::optional<int64_t>> LastPublishedStart() override;

 private:
  Status CheckEpoch(Epoch epoch) const;
  Status CheckNoOverlap(const Period& period) const;
  /// Errors: kNotFound.
  Result<MemoryResults::Run*> Find(RunId run);
  MemoryResults::Run* FindPublished(int64_t start_ms);
  /// Errors: kInternal when a row can't go into the run. Changes nothing.
  Status CheckRows(const MemoryResults::Run& run, const std::vector<StatRow>& rows) const;
  void AddRows(MemoryResults::Run& run, const std::vector<StatRow>& rows,
               std::optional<int32_t> fragment_no, Token token);

  MemoryResults& results_;
  std::function<int64_t()> now_;
};

}  // namespace tymbal::testing
