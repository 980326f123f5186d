#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/endpoint_stat.h"
#include "common/period.h"

namespace tymbal::chaos {

inline constexpr int64_t kPeriodMs = 60'000;
inline constexpr int64_t kFirstPeriodMs = 1'700'000'040'000;  // A multiple of kPeriodMs.
inline constexpr int32_t kRowsPerFragment = 20;
inline constexpr int32_t kSlowCalls = 2;

/// The true numbers of a run: a function of its period and attempt, so that every worker that
/// computes a fragment finds the same, and a later run of a period finds other ones. Pure.
struct Oracle {
  Period period;
  int32_t attempt = 0;
  int32_t fragments = 0;

  /// Returns the rows of a fragment in the order of a commit. `mark` says who computed them; it
  /// stands in the place of the histogram.
  std::vector<StatRow> Rows(int32_t fragment_no, const std::string& mark) const;
  /// Returns calls, errors and duration_sum_us over all fragments.
  EndpointStat Sum() const;
};

inline Period PeriodOf(int64_t index) {
  return {kFirstPeriodMs + index * kPeriodMs, kFirstPeriodMs + (index + 1) * kPeriodMs};
}

/// The one row of level app of each run.
StatRow AppRow(const EndpointStat& sum);

}  // namespace tymbal::chaos
