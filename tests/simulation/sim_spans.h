#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/period.h"
#include "common/slot.h"
#include "worker/aggregator.h"

namespace tymbal::testing {

/// The spans of the simulated cluster: a function of the seed, so that what must come out is known.
/// Some start at the very first millisecond of a period, where a wrong border shows.
class SimSpans {
 public:
  SimSpans(uint64_t seed, int64_t period_ms) : seed_(seed), period_ms_(period_ms) {}

  /// Returns what a worker gets from them: half-open range of time, half-open range of slots.
  worker::FragmentResult Compute(const Period& period, SlotRange slots, uint32_t slot_count) const;

  /// Returns all rows of the period that starts at `start_ms`, by endpoint_id: the truth.
  const std::map<uint64_t, StatRow>& Truth(int64_t start_ms);

 private:
  struct OwnedSpan {
    std::string app;
    std::string service;
    std::string method;
    int64_t start_ms;
    uint64_t duration_us;
    bool error;
  };
  std::vector<OwnedSpan> SpansFrom(int64_t period_start_ms) const;

  const uint64_t seed_;
  const int64_t period_ms_;
  std::map<int64_t, std::map<uint64_t, StatRow>> truth_;
};

}  // namespace tymbal::testing
