#include "report/timeline.h"

#include <algorithm>

namespace tymbal::report {
namespace {

/// Returns how many of the times begin_ms + k * length_ms, k >= 0, lie before `end_ms`.
int64_t StartsBefore(int64_t begin_ms, int64_t length_ms, int64_t end_ms) {
  if (end_ms <= begin_ms) return 0;
  return (end_ms - begin_ms - 1) / length_ms + 1;
}

/// Appends the part of a gap whose periods start in [from_ms, to_ms).
void AppendGap(Period gap, int64_t length_ms, int64_t from_ms, int64_t to_ms,
               std::vector<TimelineEntry>* timeline) {
  const int64_t first = StartsBefore(gap.start_ms, length_ms, std::min(from_ms, gap.end_ms));
  const int64_t last = StartsBefore(gap.start_ms, length_ms, std::min(to_ms, gap.end_ms));
  if (first >= last) return;
  TimelineEntry entry;
  entry.period = {gap.start_ms + first * length_ms,
                  std::min(gap.end_ms, gap.start_ms + last * length_ms)};
  entry.missing = static_cast<uint64_t>(last - first);
  timeline->push_back(entry);
}

}  // namespace

std::vector<TimelineEntry> BuildTimeline(const std::vector<PeriodReportRow>& rows, int64_t from_ms,
                                         int64_t to_ms) {
  std::vector<TimelineEntry> timeline;
  std::optional<Period> previous;  // Its end is the largest so far.
  for (const PeriodReportRow& row : rows) {
    const Period& period = row.period;
    if (previous && period.start_ms > previous->end_ms) {
      const int64_t length_ms = std::max<int64_t>(previous->end_ms - previous->start_ms, 1);
      AppendGap({previous->end_ms, period.start_ms}, length_ms, from_ms, to_ms, &timeline);
    }
    if (!previous || period.end_ms > previous->end_ms) previous = period;
    if (period.start_ms >= from_ms && period.start_ms < to_ms) timeline.push_back({period, 0, row});
  }
  return timeline;
}

PeriodCounts CountPeriods(const std::vector<TimelineEntry>& timeline) {
  PeriodCounts counts;
  for (const TimelineEntry& entry : timeline) {
    if (entry.IsGap()) {
      counts.missing += entry.missing;
      continue;
    }
    switch (entry.row.state) {
      case RunState::kPublished:
        ++counts.published;
        break;
      case RunState::kOpen:
        ++counts.open;
        break;
      case RunState::kSuperseded:  // No port returns it here; if one did, it isn't published.
      case RunState::kFailed:
        ++counts.failed;
        break;
    }
  }
  return counts;
}

Watermark FindWatermark(const std::vector<TimelineEntry>& timeline) {
  Watermark watermark;
  for (const TimelineEntry& entry : timeline) {
    if (!entry.IsPublished()) {
      watermark.next = entry;
      break;
    }
    watermark.time_ms = entry.period.end_ms;
  }
  return watermark;
}

}  // namespace tymbal::report
