#include "master/decision.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tymbal::master {
namespace {

bool IsSameJob(const JobShape& job, const RunRecord& run) {
  return run.slots == job.slots && run.input.settings == job.settings &&
         run.input.source == job.source;
}

/// The board may also name fragments that are done meanwhile: their owners know.
bool Covers(const std::optional<Task>& board, const Task& wanted) {
  if (!board || board->epoch != wanted.epoch || board->run != wanted.run) return false;
  // Both are in the order of the numbers.
  auto shown = board->fragments.begin();
  return std::all_of(wanted.fragments.begin(), wanted.fragments.end(),
                     [&](const TaskFragment& fragment) {
                       while (shown != board->fragments.end() && shown->no < fragment.no) ++shown;
                       return shown != board->fragments.end() && *shown == fragment;
                     });
}

/// How many fragments that aren't done each member has.
std::map<NodeId, size_t> LoadOf(const RunRecord& run, const std::vector<Member>& members) {
  std::map<NodeId, size_t> load;
  for (const Member& member : members) load[member.node] = 0;
  for (const FragmentRecord& fragment : run.fragments) {
    const auto owner = load.find(fragment.node);
    if (fragment.state != FragmentState::kDone && owner != load.end()) ++owner->second;
  }
  return load;
}

/// Returns the member with the least to do; `not_this` only when there is no other.
NodeId ChooseOwner(const std::map<NodeId, size_t>& load, const NodeId& not_this) {
  const NodeId* best = nullptr;
  size_t best_load = 0;
  for (const auto& [node, fragments] : load) {
    if (node == not_this && load.size() > 1) continue;
    if (best != nullptr && fragments >= best_load) continue;
    best = &node;
    best_load = fragments;
  }
  return *best;
}

Decision DecideOpenRun(const JobShape& job, const ClusterView& view, const FragmentWatch& watch,
                       int64_t monotonic_ms) {
  const RunRecord& run = view.open_runs.front();
  if (!IsSameJob(job, run)) return FailPeriod{run, "given up: the job's settings have changed"};
  const bool done = std::all_of(
      run.fragments.begin(), run.fragments.end(),
      [](const FragmentRecord& fragment) { return fragment.state == FragmentState::kDone; });
  if (done) return PublishResults{run};
  HandOverFragments hand_over{run.id, {}};
  std::map<NodeId, size_t> load = LoadOf(run, view.members);
  for (const FragmentRecord& fragment : run.fragments) {
    const Verdict verdict = watch.Judge(fragment, monotonic_ms);
    if (verdict == Verdict::kFine) continue;
    if (verdict == Verdict::kGiveUp) {
      return FailPeriod{
          run, fmt::format("fragment {} (slots {} to {}) failed again and again, last on {}: {}",
                           fragment.no, fragment.slots.from, fragment.slots.to, fragment.node.value,
                           watch.Failure(fragment.no))};
    }
    if (load.empty()) continue;  // Nobody is there; we are about to be told that we aren't either.
    const NodeId to = ChooseOwner(load, fragment.node);
    ++load[to];
    hand_over.items.push_back({fragment.no, fragment.node, to, verdict});
  }
  if (!hand_over.items.empty()) return hand_over;
  Task wanted = TaskOf(view.epoch, run);
  if (!Covers(view.board, wanted)) return PublishOnBoard{std::move(wanted)};
  return Wait{};
}

Decision DecideDuePeriod(const JobShape& job, const ClusterView& view) {
  const bool asked = view.weighed && view.weighed->period == *view.due;
  if (job.weigh_slots && !asked) return WeighSlots{*view.due};
  std::vector<NodeId> nodes;
  for (const Member& member : view.members) nodes.push_back(member.node);
  PlanPeriod decision;
  decision.plan.period = *view.due;
  decision.plan.slots = job.slots;
  decision.plan.input.settings = job.settings;
  decision.plan.input.source = job.source;
  if (asked && !view.weighed->weights.empty()) {
    const std::vector<uint64_t>& weights = view.weighed->weights;
    decision.plan.fragments = CutByWeight(weights, nodes, job.fragments_per_node);
    decision.by_weight = true;
    decision.heavy = FindHeavySlot(weights, nodes.size());
  } else {
    decision.plan.fragments = CutEvenly(job.slots, nodes, job.fragments_per_node);
  }
  return decision;
}

}  // namespace

Task TaskOf(Epoch epoch, const RunRecord& run) {
  Task task{epoch, run.id, run.period, run.slots, {}};
  for (const FragmentRecord& fragment : run.fragments) {
    if (fragment.state == FragmentState::kDone) continue;
    task.fragments.push_back({fragment.no, fragment.slots, fragment.node, fragment.token});
  }
  return task;
}

Decision Decide(const JobShape& job, const ClusterView& view, const FragmentWatch& watch,
                int64_t monotonic_ms) {
  if (!view.open_runs.empty()) return DecideOpenRun(job, view, watch, monotonic_ms);
  if (!view.due || view.paused || view.members.empty()) return Wait{};
  return DecideDuePeriod(job, view);
}

}  // namespace tymbal::master
