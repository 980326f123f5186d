#include "master/plan.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "common/check.h"
#include "common/uint128.h"
#include "master/partition.h"
#include "master/slot_owners.h"

namespace tymbal::master {
namespace {

/// Whether a slot is more than a node's fair share.
bool IsHeavy(uint64_t weight, uint64_t total, size_t nodes) {
  return Uint128{weight} * nodes > total;
}

/// Neighbouring slots of one owner, to be cut into fragments.
struct Run {
  SlotRange slots;
  size_t owner = 0;
  uint64_t weight = 0;
  uint32_t pieces = 1;

  uint32_t width() const { return slots.to - slots.from; }
  /// Where nothing weighs anything the number of slots decides.
  double piece_weight() const {
    return (static_cast<double>(weight) + 1e-6 * width()) / static_cast<double>(pieces);
  }
};

/// A slot that is more than a node's share stands alone: who reads the ledger sees what it holds.
std::vector<Run> RunsOf(const std::vector<uint64_t>& weights, const std::vector<size_t>& owners,
                        size_t nodes) {
  const uint64_t total = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
  std::vector<Run> runs;
  bool alone = false;
  for (uint32_t slot = 0; slot < weights.size(); ++slot) {
    const bool heavy = IsHeavy(weights[slot], total, nodes);
    if (runs.empty() || runs.back().owner != owners[slot] || heavy || alone) {
      runs.push_back({{slot, slot}, owners[slot]});
    }
    alone = heavy;
    ++runs.back().slots.to;
    runs.back().weight += weights[slot];
  }
  return runs;
}

/// Says into how many pieces each run is cut, so that each owner has `pieces_max`, where its slots
/// are enough, as alike in weight as can be. Who has more runs than that gets one for each.
void ChoosePieces(size_t owners, uint32_t pieces_max, std::vector<Run>* runs) {
  std::vector<std::vector<Run*>> runs_of(owners);
  for (Run& run : *runs) runs_of[run.owner].push_back(&run);
  for (const std::vector<Run*>& own : runs_of) {
    for (size_t pieces = own.size(); pieces < pieces_max; ++pieces) {
      Run* heaviest = nullptr;
      for (Run* run : own) {
        if (run->pieces == run->width()) continue;
        if (heaviest == nullptr || run->piece_weight() > heaviest->piece_weight()) heaviest = run;
      }
      if (heaviest == nullptr) break;
      ++heaviest->pieces;
    }
  }
}

}  // namespace

std::vector<FragmentPlan> CutEvenly(uint32_t slots, const std::vector<NodeId>& nodes,
                                    uint32_t fragments_per_node) {
  TYMBAL_CHECK(slots > 0 && !nodes.empty() && fragments_per_node > 0, "nothing to divide");
  const uint64_t wanted = static_cast<uint64_t>(nodes.size()) * fragments_per_node;
  const uint64_t count = std::min<uint64_t>(wanted, slots);
  std::vector<FragmentPlan> fragments;
  for (uint64_t i = 0; i < count; ++i) {
    const auto from = static_cast<uint32_t>(slots * i / count);
    const auto to = static_cast<uint32_t>(slots * (i + 1) / count);
    // Neighbouring fragments go to one node, so that each node's slots are contiguous.
    const size_t node = count == wanted ? i / fragments_per_node : i * nodes.size() / count;
    fragments.push_back({{from, to}, nodes[node]});
  }
  return fragments;
}

std::vector<FragmentPlan> CutByWeight(const std::vector<uint64_t>& weights,
                                      const std::vector<NodeId>& nodes,
                                      uint32_t fragments_per_node) {
  if (std::all_of(weights.begin(), weights.end(), [](uint64_t weight) { return weight == 0; })) {
    return CutEvenly(static_cast<uint32_t>(weights.size()), nodes, fragments_per_node);
  }
  TYMBAL_CHECK(!nodes.empty() && fragments_per_node > 0, "nothing to divide");
  const size_t owners = std::min(nodes.size(), weights.size());
  std::vector<Run> runs =
      RunsOf(weights, ChooseOwners(weights, owners, owners * fragments_per_node), nodes.size());
  ChoosePieces(owners, fragments_per_node, &runs);
  std::vector<FragmentPlan> fragments;
  for (const Run& run : runs) {
    const uint32_t from = run.slots.from;
    const auto row = std::span<const uint64_t>(weights).subspan(from, run.width());
    for (const SlotRange& piece : Partition(row, run.pieces)) {
      fragments.push_back({{from + piece.from, from + piece.to}, nodes[run.owner]});
    }
  }
  return fragments;
}

std::optional<HeavySlot> FindHeavySlot(const std::vector<uint64_t>& weights, size_t nodes) {
  const auto heaviest = std::max_element(weights.begin(), weights.end());
  if (heaviest == weights.end()) return std::nullopt;
  const uint64_t total = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
  if (!IsHeavy(*heaviest, total, nodes)) return std::nullopt;
  return HeavySlot{static_cast<uint32_t>(heaviest - weights.begin()), *heaviest, total};
}

}  // namespace tymbal::master
