#pragma once

#include <cstdint>
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

}  // namespace tymbal::master
