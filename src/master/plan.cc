#include "master/plan.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "common/check.h"
#include "common/uint128.h"
#include "master/partition.h"

namespace tymbal::master {

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
  const std::span<const uint64_t> row(weights);
  const std::vector<SlotRange> shares = Partition(row, std::min(nodes.size(), weights.size()));
  std::vector<FragmentPlan> fragments;
  for (size_t node = 0; node < shares.size(); ++node) {
    const uint32_t from = shares[node].from;
    const uint32_t width = shares[node].to - from;
    for (const SlotRange& piece :
         Partition(row.subspan(from, width), std::min(fragments_per_node, width))) {
      fragments.push_back({{from + piece.from, from + piece.to}, nodes[node]});
    }
  }
  return fragments;
}

std::optional<HeavySlot> FindHeavySlot(const std::vector<uint64_t>& weights, size_t nodes) {
  const auto heaviest = std::max_element(weights.begin(), weights.end());
  if (heaviest == weights.end()) return std::nullopt;
  const uint64_t total = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
  if (Uint128{*heaviest} * nodes <= total) return std::nullopt;
  return HeavySlot{static_cast<uint32_t>(heaviest - weights.begin()), *heaviest, total};
}

}  // namespace tymbal::master
