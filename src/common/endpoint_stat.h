#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/endpoint.h"
#include "common/histogram.h"

namespace tymbal {

/// The percentiles of every row, in permille, in the order of `EndpointStat::percentile_us`.
inline constexpr std::array<uint32_t, 6> kPercentiles = {500, 750, 900, 950, 990, 999};
inline constexpr std::array<std::string_view, 6> kPercentileNames = {"p50", "p75", "p90",
                                                                     "p95", "p99", "p999"};

/// The largest count or sum that every result store can hold; more is an error, never wrapped.
inline constexpr uint64_t kStoredMax = INT64_MAX;

/// The numbers of one endpoint, service or app in one period (docs/statistics.md). Durations in µs.
struct EndpointStat {
  uint64_t calls = 0;
  uint64_t errors = 0;
  uint64_t satisfied = 0;   ///< Apdex: no error, duration <= T.
  uint64_t tolerating = 0;  ///< Apdex: no error, T < duration <= 4T.
  uint64_t duration_sum_us = 0;
  double duration_sumsq = 0;  ///< Sum of the squares, in µs^2.
  uint64_t min_us = 0;
  uint64_t max_us = 0;
  std::array<uint64_t, kPercentiles.size()> percentile_us{};
  bool exact = true;      ///< False: the percentiles come from the histogram (error <= 0.5 %).
  std::string histogram;  ///< Histogram::Encode().

  bool operator==(const EndpointStat&) const = default;
};

/// Returns the 1-based ranks of kPercentiles among sorted durations. REQUIRES: calls > 0.
std::array<uint64_t, kPercentiles.size()> PercentileRanks(uint64_t calls);

/// Returns the percentiles that a histogram gives: the middles of the buckets of the nearest ranks,
/// kept within [min_us, max_us]. REQUIRES: histogram.count() > 0.
std::array<uint64_t, kPercentiles.size()> HistogramPercentiles(const Histogram& histogram,
                                                               uint64_t min_us, uint64_t max_us);

/// A call with its ids, for the list of the slowest.
struct SlowCall {
  uint64_t duration_us = 0;
  int64_t start_ms = 0;
  bool error = false;
  std::string trace_id;
  std::string span_id;

  bool operator==(const SlowCall&) const = default;
};

/// Returns whether `a` stands before `b` in the list of the slowest: longer first, ties by start,
/// trace id and span id, so that the list doesn't depend on the order of reading.
bool Slower(const SlowCall& a, const SlowCall& b);

/// One row of results.
struct StatRow {
  uint64_t endpoint_id = 0;
  Level level = Level::kMethod;
  EndpointName name;
  EndpointStat stat;
  std::vector<SlowCall> slowest;  ///< In the order of Slower(); methods only.

  bool operator==(const StatRow&) const = default;
};

}  // namespace tymbal
