#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/period.h"
#include "common/result_store.h"

namespace tymbal::master {

struct ScheduleOptions {
  PeriodGrid grid;
  int64_t delay_ms = 120'000;  ///< A period is due this long after its end.
  int64_t retry_ms = 600'000;  ///< When to compute a failed period again; doubles with each try.
  int64_t retry_max_ms = 21'600'000;
};

/// What the ledger and the clock say about the periods from a first one on.
struct ScheduleState {
  /// The period to compute now: the oldest that is due and neither published nor waiting for its
  /// next try (I6: none is skipped).
  std::optional<Period> due;
  /// End of the last published period with no unpublished one before it, or the first period's
  /// start.
  int64_t watermark_ms = 0;
  /// When to ask again at the latest, by the same clock.
  int64_t next_ms = 0;
};

/// Returns the start of the last period that is due at `now_ms`.
int64_t LastDueStart(const ScheduleOptions& options, int64_t now_ms);

/// Looks at all periods from `first_ms` on. `ledger` holds what the store knows of them, oldest
/// first. REQUIRES: first_ms is the start of a period of the grid.
ScheduleState LookAtSchedule(const ScheduleOptions& options, int64_t first_ms,
                             const std::vector<PeriodLedger>& ledger, int64_t now_ms);

}  // namespace tymbal::master
