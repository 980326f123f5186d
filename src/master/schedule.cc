#include "master/schedule.h"

#include <algorithm>

namespace tymbal::master {
namespace {

/// Returns when a failed period is to be tried again, in ms since the UTC epoch.
int64_t RetryAt(const ScheduleOptions& options, const PeriodLedger& failed) {
  int64_t wait_ms = options.retry_ms;
  for (int32_t attempt = 1; attempt < failed.attempt && wait_ms < options.retry_max_ms; ++attempt) {
    wait_ms *= 2;
  }
  return failed.created_ms + std::min(wait_ms, options.retry_max_ms);
}

}  // namespace

int64_t LastDueStart(const ScheduleOptions& options, int64_t now_ms) {
  return options.grid.StartOf(now_ms - options.delay_ms) - options.grid.length_ms();
}

ScheduleState LookAtSchedule(const ScheduleOptions& options, int64_t first_ms,
                             const std::vector<PeriodLedger>& ledger, int64_t now_ms) {
  const int64_t last_ms = LastDueStart(options, now_ms);
  const int64_t length_ms = options.grid.length_ms();
  ScheduleState state;
  state.watermark_ms = first_ms;
  // When the period after the last due one is due.
  state.next_ms = std::max(last_ms + length_ms, first_ms) + length_ms + options.delay_ms;
  auto known = ledger.begin();
  for (int64_t start_ms = first_ms; start_ms <= last_ms && !state.due; start_ms += length_ms) {
    while (known != ledger.end() && known->period.start_ms < start_ms) ++known;
    const Period period = options.grid.PeriodAt(start_ms);
    if (known == ledger.end() || known->period != period) {
      state.due = period;
      break;
    }
    switch (known->state) {
      case RunState::kPublished:
        if (state.watermark_ms == start_ms) state.watermark_ms = period.end_ms;
        break;
      case RunState::kFailed: {
        const int64_t retry_ms = RetryAt(options, *known);
        if (retry_ms <= now_ms) {
          state.due = period;
        } else {
          state.next_ms = std::min(state.next_ms, retry_ms);
        }
        break;
      }
      case RunState::kOpen:
      case RunState::kSuperseded:
        break;  // Being computed; superseded ones have a published one beside them.
    }
  }
  if (state.due) state.next_ms = now_ms;
  return state;
}

}  // namespace tymbal::master
