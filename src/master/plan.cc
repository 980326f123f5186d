#include "master/plan.h"

#include <algorithm>

#include "common/check.h"

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

}  // namespace tymbal::master
