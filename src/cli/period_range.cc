#include "cli/period_range.h"

#include <fmt/format.h>

#include "common/text.h"
#include "common/time_text.h"

namespace tymbal::cli {
namespace {

Result<int64_t> BorderOf(const std::string& text, const PeriodGrid& grid, std::string_view option) {
  TYMBAL_ASSIGN_OR_RETURN(const int64_t time_ms, ParseTimeMs(text));
  const int64_t start_ms = grid.StartOf(time_ms);
  if (start_ms == time_ms) return time_ms;
  const TimeZone utc = TimeZone::Utc();
  return InvalidArgument(fmt::format("{}: {} is within a period of {}; write {} or {}", option,
                                     Printable(text), FormatDurationMs(grid.length_ms()),
                                     utc.FormatShort(start_ms),
                                     utc.FormatShort(start_ms + grid.length_ms())));
}

}  // namespace

Result<Period> PeriodRangeOf(const PeriodRangeText& text, const PeriodGrid& grid, int64_t delay_ms,
                             int64_t now_ms) {
  Period range;
  if (text.from) {
    TYMBAL_ASSIGN_OR_RETURN(range.start_ms, BorderOf(*text.from, grid, "--from"));
  } else {
    range.start_ms = grid.StartOf(now_ms - delay_ms) - grid.length_ms();
  }
  range.end_ms = range.start_ms + grid.length_ms();
  if (text.to) {
    TYMBAL_ASSIGN_OR_RETURN(range.end_ms, BorderOf(*text.to, grid, "--to"));
  }
  if (range.end_ms > range.start_ms) return range;
  return InvalidArgument("--to must be later than --from");
}

}  // namespace tymbal::cli
