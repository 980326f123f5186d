#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result_store.h"
#include "simulation/sim_spans.h"
#include "support/memory_result_store.h"
#include "worker/fragment_executor.h"

namespace tymbal::testing {

/// Looks at everything from above, while and after a simulated cluster runs, and notes each broken
/// promise by its number: at each change of the store and the board what was changed, and in
/// CheckStore() all of it. Knows nothing of how the cluster works.
class Checkers {
 public:
  Checkers(const MemoryResults* results, SimSpans* spans, int64_t period_ms, int64_t delay_ms)
      : results_(results), spans_(spans), period_ms_(period_ms), delay_ms_(delay_ms) {}
  /// Clocks differ in the simulation: a run may be planned so long before it is due.
  void set_clock_slack_ms(int64_t slack_ms) { clock_slack_ms_ = slack_ms; }

  /// I4: a master's write was accepted under `epoch`. `run`: what it changed, if it was a run.
  void OnMasterWrite(std::string_view what, Epoch epoch, std::optional<RunId> run);
  /// I3, I4: a fragment's commit was accepted.
  void OnCommit(RunId run, int32_t fragment_no, Token token);
  /// I1, I4: a node begins a fragment.
  void OnStart(const NodeId& node, const worker::FragmentWork& work);
  /// I4: the board was written, or the epoch on it.
  void OnBoard(Epoch claimed, Epoch task);
  void OnErrorLine(const std::string& line) { Fail("unexpected ERROR: " + line); }

  /// Looks at the whole store.
  void CheckStore();
  /// I7, after a calm time: all periods that were due by `now_ms` are published.
  void CheckAllPublished(int64_t now_ms);

  void Fail(std::string broken) { broken_.push_back(std::move(broken)); }
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  /// What was seen of a run: what must not change, or only forwards.
  struct Seen {
    std::vector<SlotRange> bounds;
    std::vector<Token> tokens;
    std::vector<bool> done;
    RunState state = RunState::kOpen;
  };

  void CheckRun(const MemoryResults::Run& run);
  void CheckTiling(const RunRecord& run);
  void CheckSteps(const RunRecord& run);
  void CheckRows(const MemoryResults::Run& run);
  void CheckPublished(const MemoryResults::Run& run);
  void CheckPublishedRows(const MemoryResults::Run& run);
  void CheckSums(const MemoryResults::Run& run);
  void CheckPeriods();

  const MemoryResults* const results_;
  SimSpans* const spans_;
  const int64_t period_ms_;
  const int64_t delay_ms_;
  Epoch epoch_;
  Epoch board_;
  int64_t clock_slack_ms_ = 1'500;
  std::map<RunId, Seen> seen_;
  std::map<std::pair<RunId, int32_t>, int> commits_;
  std::map<int64_t, RunId> published_;  // By period: the newest.
  std::optional<int64_t> first_period_ms_;
  std::vector<std::string> broken_;
};

}  // namespace tymbal::testing
