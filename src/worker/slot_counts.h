#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "common/period.h"
#include "common/status.h"
#include "worker/search_source.h"

namespace tymbal::worker {

/// Returns how many records of `period` each of `slots` slots holds, as a SearchSource of the same
/// options would read them for a node that has some of the slots. Records that every node reads,
/// since they carry no slot or no name, are left out. Blocks; gives up soon after `*cancel` has
/// become true. Errors: kNotFound when the index can't tell slots apart, so that every node reads
/// everything; those of SearchClient.
Result<std::vector<uint64_t>> CountSlots(const SearchSourceOptions& options, const Period& period,
                                         uint32_t slots, const std::atomic<bool>* cancel);

}  // namespace tymbal::worker
