#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/period.h"
#include "common/status.h"

namespace tymbal::cli {

/// --from and --to, as they were written.
struct PeriodRangeText {
  std::optional<std::string> from;  ///< Nothing: the last period that is due.
  std::optional<std::string> to;    ///< Nothing: one period.
};

/// Returns the time of whole periods that is meant, at least one. `delay_ms`: so long after its end
/// a period is due. Errors: kInvalidArgument for times within a period, or an empty range.
Result<Period> PeriodRangeOf(const PeriodRangeText& text, const PeriodGrid& grid, int64_t delay_ms,
                             int64_t now_ms);

}  // namespace tymbal::cli
