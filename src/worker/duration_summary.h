#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/endpoint_stat.h"
#include "common/histogram.h"
#include "common/status.h"
#include "common/uint128.h"

namespace tymbal::worker {

/// A duration that stands for several calls.
struct WeightedDuration {
  uint64_t duration_us = 0;
  uint64_t count = 1;
};

/// Sums that never wrap: 2^64 calls of kDurationMaxUs fit into the 128 bits of both.
struct DurationSums {
  Uint128 calls = 0;
  Uint128 sum_us = 0;
  Uint128 sumsq = 0;  ///< Saturated at 2^128 - 1 (it holds 2^38 calls of kDurationMaxUs).
  uint64_t min_us = UINT64_MAX;
  uint64_t max_us = 0;
  Uint128 satisfied = 0;   ///< Duration <= T, errors included.
  Uint128 tolerating = 0;  ///< T < duration <= 4T, errors included.

  void Add(uint64_t duration_us, uint64_t count, uint64_t apdex_us);
  /// Adds them one by one. REQUIRES: fewer than 2^32.
  void AddAll(std::span<const uint32_t> durations_us, uint64_t apdex_us);
  void Merge(const DurationSums& other);
};

/// The durations of one endpoint in one period, in the three forms in which they are collected.
struct DurationSet {
  std::span<const uint32_t> narrow;  ///< Nearly all.
  std::span<const uint64_t> wide;    ///< Longer than 2^32 µs (71.6 minutes).
  std::span<const WeightedDuration> weighted;
};

/// What was counted beside the durations.
struct CallCounts {
  uint64_t errors = 0;
  uint64_t error_satisfied = 0;   ///< Errors with duration <= T; they count as frustrated.
  uint64_t error_tolerating = 0;  ///< Errors with T < duration <= 4T.
};

/// Computes the numbers of an endpoint from its durations (docs/statistics.md). Keeps its scratch
/// memory from endpoint to endpoint. Thread: confined to one.
class Summarizer {
 public:
  /// Exact. `buffer`: its memory serves for the histogram. REQUIRES: at least one duration. Errors:
  /// kExhausted when a count or sum passes kStoredMax.
  Result<EndpointStat> Summarize(const DurationSet& durations, const CallCounts& counts,
                                 uint64_t apdex_us, std::string buffer = {});

  /// From a histogram: the percentiles have its error, all else is exact. Errors: as above.
  static Result<EndpointStat> SummarizeHistogram(const Histogram& histogram,
                                                 const DurationSums& sums, const CallCounts& counts,
                                                 std::string buffer = {});

 private:
  void SelectPercentiles(const DurationSet& durations, EndpointStat* stat);

  Histogram histogram_;
  // 1 + index into candidates_, or 0.
  std::vector<uint8_t> target_of_bucket_ = std::vector<uint8_t>(Histogram::kBuckets);
  std::array<std::vector<WeightedDuration>, kPercentiles.size()> candidates_;
};

}  // namespace tymbal::worker
