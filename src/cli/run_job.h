#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cli/summary_ahead.h"
#include "common/coordinator.h"
#include "common/event_loop.h"
#include "common/ids.h"
#include "common/result_store.h"
#include "common/status.h"
#include "worker/aggregator.h"

namespace tymbal::cli {

/// What a period's run did to the store.
enum class PeriodAction : uint8_t {
  kPublished,  ///< New results.
  kReplaced,   ///< New results that supersede a published run.
  kUnchanged,  ///< The same spans had been published before.
};

struct PeriodOutcome {
  Period period;
  PeriodAction action = PeriodAction::kPublished;
  RunId run = {};
  Coverage coverage;
  uint64_t calls = 0;
  uint64_t errors = 0;
  uint64_t endpoints = 0;
};

struct RunJobOptions {
  Member self;
  uint32_t slots = kSlotsDefault;
  std::string settings;  ///< RunInput::settings.
  std::string source;    ///< RunInput::source.
  bool replace = false;  ///< Supersede periods that were published from other input.
  /// How many rows to commit at once, up to a number of fragments. What is interrupted is undone.
  size_t fragment_rows = 100'000;
  /// How many rows of it to compute and to write at once.
  size_t piece_rows = SummaryAhead::kPieceRows;
};

/// Brings what an aggregator has collected into the store, one period after the other, by the
/// protocol of a cluster with one node: register, become master, take an epoch; for each period
/// plan a run in the ledger, publish the task, commit its fragments, publish the run. A run that an
/// earlier process left open for the same input is taken over; published periods with the same
/// input are left alone. So it may be killed at any moment and started again. While the store
/// writes some rows, the next ones are summarized (SummaryAhead). The loop, coordinator and store
/// must outlive it. Thread: the loop's.
class RunJob : private Coordinator::Listener {
 public:
  RunJob(EventLoop* loop, Coordinator* coordinator, ResultStore* store, RunJobOptions options)
      : loop_(loop),
        coordinator_(coordinator),
        store_(store),
        options_(std::move(options)),
        random_(std::hash<std::string>{}(options_.self.incarnation)) {}

  /// Commits all periods and returns what became of each, in order of time. Errors: kConflict,
  /// before anything was changed, when a period is published from other input and `replace` is off;
  /// those of the store.
  Result<std::vector<PeriodOutcome>> Commit(worker::Aggregator* aggregator);

 private:
  void OnLive() override { live_ = true; }
  void OnSuspended() override { live_ = false; }
  void OnExpired() override { live_ = false; }
  void OnFailed(const Status& /*reason*/) override { live_ = false; }
  void OnHint(Coordinator::Topic /*topic*/) override {}

  Status BecomeMaster();
  Status TakeEpoch();
  /// Waits for up to `ms_max`, not as long as other processes do.
  void Pause(int ms_max);
  RunInput InputOf(const worker::Aggregator& aggregator, int64_t start_ms) const;
  Status CheckConflicts(const worker::Aggregator& aggregator);
  Result<PeriodOutcome> CommitPeriod(SummaryAhead* summaries, int64_t start_ms);
  Status TryPeriod(SummaryAhead* summaries, PeriodOutcome* outcome);
  uint32_t FragmentsFor(const worker::Aggregator& aggregator) const;
  Result<RunRecord> PlanOrResume(const RunInput& input, const Period& period);
  Status TakeOver(RunRecord* run);
  Result<std::optional<Publication>> Execute(const RunRecord& run, SummaryAhead* summaries);
  Result<std::optional<Publication>> ExecuteTask(const Task& task, size_t fragments_of_run,
                                                 SummaryAhead* summaries);
  Status Publish(RunId run, const std::optional<Publication>& publication);

  EventLoop* const loop_;
  Coordinator* const coordinator_;
  ResultStore* const store_;
  const RunJobOptions options_;
  std::mt19937_64 random_;  // Other numbers in each process.
  bool live_ = false;
  uint32_t fragments_ = 1;  // Of a new run.
  Epoch epoch_;
  std::map<int64_t, RunRecord> open_runs_;  // Left by an earlier process; by period start.
};

}  // namespace tymbal::cli
