#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/ids.h"
#include "common/result_store.h"

namespace tymbal::master {

/// Divides [0, slots) over the nodes: each gets one contiguous range, cut into up to
/// `fragments_per_node` fragments; sizes differ by one slot at most. Where there are more nodes
/// than slots, the last nodes get nothing. The result tiles [0, slots) in order (I2). REQUIRES:
/// nodes is not empty, fragments_per_node > 0, slots > 0.
std::vector<FragmentPlan> CutEvenly(uint32_t slots, const std::vector<NodeId>& nodes,
                                    uint32_t fragments_per_node);

/// Divides them by what they weigh, one weight for each slot. Each node gets a contiguous range, or
/// several where that makes the heaviest node lighter by a percent (ChooseOwners). They are cut
/// into up to `fragments_per_node` fragments, alike in weight, but at least one for each range; a
/// slot that is more than a node's share is a fragment of its own. Where nothing weighs anything,
/// it is CutEvenly(). The result tiles [0, slots) in order (I2). REQUIRES: the same, and at most
/// kPartitionRowMax slots.
std::vector<FragmentPlan> CutByWeight(const std::vector<uint64_t>& weights,
                                      const std::vector<NodeId>& nodes,
                                      uint32_t fragments_per_node);

/// A slot that alone is more than a node's fair share: no cut gives its node less.
struct HeavySlot {
  uint32_t slot = 0;
  uint64_t weight = 0;
  uint64_t total = 0;
};

/// Returns the heaviest slot if it is more than the mean of `nodes` nodes. REQUIRES: nodes > 0.
std::optional<HeavySlot> FindHeavySlot(const std::vector<uint64_t>& weights, size_t nodes);

}  // namespace tymbal::master
