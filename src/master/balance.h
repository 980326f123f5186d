#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/result_store.h"
#include "master/plan.h"

namespace tymbal::master {

/// How evenly the spans of a run were spread over the nodes that committed them, by its ledger.
struct Balance {
  Period period;
  uint64_t spans = 0;
  size_t nodes = 0;
  double heaviest = 1;  ///< The heaviest node's spans over the mean.
  /// A fragment of one slot that is more than a node's fair share; a heavy slot that shares its
  /// fragment with others isn't seen.
  std::optional<HeavySlot> heavy;
};

/// Returns nothing where nothing was read.
std::optional<Balance> BalanceOf(const RunRecord& run);

}  // namespace tymbal::master
