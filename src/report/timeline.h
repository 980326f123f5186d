#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/period.h"
#include "common/report_source.h"

namespace tymbal::report {

/// A period that the store knows, or a gap: consecutive periods that it doesn't (I6).
struct TimelineEntry {
  Period period;         ///< Of a gap: from the start of its first to the end of its last period.
  uint64_t missing = 0;  ///< Number of missing periods; 0 = the period is known.
  PeriodReportRow row;   ///< Set when it is known.

  bool IsGap() const { return missing > 0; }
  bool IsPublished() const { return !IsGap() && row.state == RunState::kPublished; }
};

/// Returns the entries that start in [from_ms, to_ms), oldest first. Periods are missing between
/// two known ones, never before the first or after the last; they are counted in the length of the
/// period before the gap. `rows` are oldest first and may go beyond the range: only so a gap at its
/// edge is seen.
std::vector<TimelineEntry> BuildTimeline(const std::vector<PeriodReportRow>& rows, int64_t from_ms,
                                         int64_t to_ms);

/// How many periods are in which state.
struct PeriodCounts {
  uint64_t published = 0;
  uint64_t open = 0;
  uint64_t failed = 0;
  uint64_t missing = 0;

  uint64_t Total() const { return published + open + failed + missing; }
  bool operator==(const PeriodCounts&) const = default;
};

PeriodCounts CountPeriods(const std::vector<TimelineEntry>& timeline);

/// Up to where everything is published (docs/architecture.md).
struct Watermark {
  std::optional<int64_t> time_ms;     ///< Nothing when the first period isn't published.
  std::optional<TimelineEntry> next;  ///< What holds it up, if there is something behind it.
};

/// REQUIRES: `timeline` holds all periods that the store knows.
Watermark FindWatermark(const std::vector<TimelineEntry>& timeline);

}  // namespace tymbal::report
