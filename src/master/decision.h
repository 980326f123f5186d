#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/coordinator.h"
#include "common/result_store.h"
#include "master/fragment_watch.h"
#include "master/plan.h"

namespace tymbal::master {

/// What a run of this cluster looks like.
struct JobShape {
  uint32_t slots = kSlotsDefault;
  uint32_t fragments_per_node = 4;
  std::string settings;  ///< RunInput::settings.
  std::string source;    ///< RunInput::source.
  /// Whether to ask before a period is planned how its spans are spread over the slots.
  bool weigh_slots = false;
};

/// How the spans of a period are spread over the slots.
struct Weighed {
  Period period;
  std::vector<uint64_t> weights;  ///< One for each slot; empty: nobody knows.
};

/// What a master knows when it decides: read freshly, never remembered across masterships.
struct ClusterView {
  Epoch epoch;
  std::vector<Member> members;
  bool paused = false;
  std::vector<RunRecord> open_runs;  ///< As the ledger has them, oldest period first.
  std::optional<Task> board;         ///< The task that nodes see.
  std::optional<Period> due;         ///< The period to plan next.
  std::optional<Weighed> weighed;    ///< What was last asked for, and not planned yet.
};

struct Wait {};
struct WeighSlots {
  Period period;
};
struct PlanPeriod {
  RunPlan plan;
  bool by_weight = false;          ///< Else by width.
  std::optional<HeavySlot> heavy;  ///< Makes one node's share more than the others'.
};
struct HandOverFragments {
  struct Item {
    int32_t no = 0;
    NodeId from;
    NodeId to;
    Verdict why = Verdict::kFine;
  };
  RunId run;
  std::vector<Item> items;
};
struct PublishOnBoard {
  Task task;
};
struct PublishResults {
  RunRecord run;
};
struct FailPeriod {
  RunRecord run;
  std::string reason;
};
using Decision = std::variant<Wait, WeighSlots, PlanPeriod, HandOverFragments, PublishOnBoard,
                              PublishResults, FailPeriod>;

/// Returns the one next thing that a master does: after it, look again. The ledger comes first, the
/// board follows it (I4). REQUIRES: `watch` has observed the first open run, if there is one.
Decision Decide(const JobShape& job, const ClusterView& view, const FragmentWatch& watch,
                int64_t monotonic_ms);

/// Returns the task that tells every node about its fragments of `run` that aren't done.
Task TaskOf(Epoch epoch, const RunRecord& run);

}  // namespace tymbal::master
