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
  struct Options {
    uint64_t seed = 1;
    int64_t period_ms = 10'000;
    int endpoints = 24;
    /// Some periods have no spans at all, and no period has spans of all endpoints.
    bool quiet_periods = true;
  };
  explicit SimSpans(const Options& options) : options_(options) {}

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

  const Options options_;
  std::map<int64_t, std::map<uint64_t, StatRow>> truth_;
};

}  // namespace tymbal::testing
