#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/period.h"
#include "common/status.h"

namespace tymbal::master {

/// Tells how the spans of a period are spread over the slots, as far as the source knows before
/// they are read. Thread: the loop's.
class SlotWeights {
 public:
  /// One number of spans for each slot, in order.
  using Reply = std::function<void(Result<std::vector<uint64_t>>)>;

  virtual ~SlotWeights() = default;

  /// Asks for the weights of `slots` slots; an earlier question that waits is given up. `reply`
  /// runs on the loop, exactly once, never before this returns; it may take long. Errors: kNotFound
  /// when the source can't tell; those of the source; kUnavailable when given up.
  virtual void Ask(const Period& period, uint32_t slots, Reply reply) = 0;
};

}  // namespace tymbal::master
