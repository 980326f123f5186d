#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/clock.h"
#include "common/log.h"
#include "master/slot_weights.h"

namespace tymbal::master {

/// Asks SlotWeights, but waits only so long: balance is worth less than progress. Says in the log
/// when weights are missing, once until there are some again. Everything it is given must outlive
/// it, and it must outlive its replies. Thread: the loop's.
class Weighing {
 public:
  /// `weights` may be nullptr if Ask() is never called.
  Weighing(SlotWeights* weights, int64_t timeout_ms, Clock* clock, Log* log)
      : weights_(weights), timeout_ms_(timeout_ms), clock_(clock), log_(log) {}

  /// Hands one weight for each slot to `then`, or nothing at all where nobody knows. It runs
  /// exactly once, never before this returns, and at the latest after the time-out.
  void Ask(const Period& period, uint32_t slots, std::function<void(std::vector<uint64_t>)> then);

 private:
  void SayMissing(const Status& reason);

  SlotWeights* const weights_;
  const int64_t timeout_ms_;
  Clock* const clock_;
  Log* const log_;
  bool said_missing_ = false;
};

}  // namespace tymbal::master
