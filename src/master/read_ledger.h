#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/period.h"
#include "common/result_store.h"

namespace tymbal::master {

/// Returns the start of the first whole period of a store whose job begins at `first_ms`: retention
/// cuts at midnight, which may lie within a period, and then that one is gone as well.
int64_t FirstWholePeriod(const PeriodGrid& grid, int64_t first_ms);

/// Returns what the store has of all periods from `from_ms` on, oldest first, read in pages.
Result<std::vector<PeriodLedger>> ReadWholeLedger(ResultStore* store, int64_t from_ms);

/// The same, from a moment on before which all periods were seen to be published. Returns nothing
/// when the last of those isn't any more: the store was restored from a backup. What retention has
/// deleted meanwhile is no loss. REQUIRES: a period ends at `cursor_ms`, and was published.
Result<std::optional<std::vector<PeriodLedger>>> ReadLedgerAfter(ResultStore* store,
                                                                 const PeriodGrid& grid,
                                                                 int64_t cursor_ms);

}  // namespace tymbal::master
