#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/result_store.h"
#include "simulation/sim_spans.h"
#include "support/memory_result_store.h"

namespace tymbal::testing {

/// Looks at everything from above, while and after a simulated cluster runs, and notes each broken
/// promise by its number. Knows nothing of how the cluster works.
class Checkers {
 public:
  Checkers(const MemoryResults* results, SimSpans* spans, int64_t period_ms, int64_t delay_ms)
      : results_(results), spans_(spans), period_ms_(period_ms), delay_ms_(delay_ms) {}

  /// I4: a master's write was accepted under `epoch`.
  void OnMasterWrite(std::string_view what, Epoch epoch);
  /// I3, I4: a fragment's commit was accepted.
  void OnCommit(RunId run, int32_t fragment_no, Token token);
  /// I4: the board was written, or the epoch on it.
  void OnBoard(Epoch claimed, Epoch task);
  void OnErrorLine(const std::string& line) { Fail("unexpected ERROR: " + line); }

  /// Looks at the whole store. `now_ms`: the true time.
  void CheckStore(int64_t now_ms);
  /// I7, after a calm time: all periods that were due by `now_ms` are published.
  void CheckAllPublished(int64_t now_ms);

  void Fail(std::string broken) { broken_.push_back(std::move(broken)); }
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  void CheckRun(const MemoryResults::Run& run, int64_t now_ms);
  void CheckTiling(const RunRecord& run);
  void CheckRows(const MemoryResults::Run& run);
  void CheckPublishedRows(const MemoryResults::Run& run);
  void CheckPeriods();

  const MemoryResults* const results_;
  SimSpans* const spans_;
  const int64_t period_ms_;
  const int64_t delay_ms_;
  Epoch epoch_;
  Epoch board_;
  std::map<RunId, std::vector<SlotRange>> bounds_;  // As first seen.
  std::map<std::pair<RunId, int32_t>, int> commits_;
  std::map<int64_t, RunId> published_;  // By period: the newest.
  std::map<RunId, size_t> published_rows_;
  std::vector<std::string> broken_;
};

}  // namespace tymbal::testing
