#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "common/async_store.h"
#include "simulation/checkers.h"
#include "simulation/world.h"
#include "support/memory_result_store.h"

namespace tymbal::testing {

/// How the database of the simulated cluster misbehaves; the cluster changes it while it runs.
struct StoreFaults {
  double lose_request = 0;  ///< Nothing happened: kUnavailable.
  double lose_reply = 0;    ///< It happened, nobody knows: kAmbiguous.
  double slow = 0;          ///< A call takes up to `slow_ms`, longer than sessions live.
  int64_t slow_ms = 15'000;
  bool down = false;
};

/// The result store as a node sees it through a bad network, and the checkers' ear at it.
class FaultyStore : public ResultStore {
 public:
  FaultyStore(World* world, MemoryResults* results, const StoreFaults* faults, Checkers* checkers)
      : world_(world),
        store_(*results, [world] { return world->now_ms(); }),
        faults_(faults),
        checkers_(checkers) {}

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
  /// Makes a call of the store, or loses it, or its reply.
  template <typename T>
  T Around(const std::function<T()>& call);
  template <typename T>
  T AsMaster(std::string_view what, Epoch epoch, std::optional<RunId> run,
             const std::function<T()>& call);

  World* const world_;
  MemoryResultStore store_;
  const StoreFaults* const faults_;
  Checkers* const checkers_;
};

/// Calls of one process to the store, one at a time. A call that was sent is carried out even if
/// the process is frozen or dead by then.
class SimStore : public AsyncStore {
 public:
  SimStore(Process* process, ResultStore* store, const StoreFaults* faults)
      : process_(process), store_(store), faults_(faults) {}

  void Submit(Work work, std::function<void()> then) override;

 private:
  struct Sent {
    Work work;
    std::function<void()> then;
  };
  void SendNext();

  Process* const process_;
  ResultStore* const store_;
  const StoreFaults* const faults_;
  std::deque<Sent> calls_;
  bool sending_ = false;
};

/// Returns how long a call of the store takes, one way.
int64_t StoreLatencyMs(World* world, const StoreFaults& faults);

}  // namespace tymbal::testing
