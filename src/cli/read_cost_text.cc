#include "cli/read_cost_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "common/time_text.h"
#include "report/number_format.h"

namespace tymbal::cli {

std::string Counted(uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", report::FormatExact(count), count == 1 ? one : many);
}

std::string FormatBytes(uint64_t bytes) {
  static constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double amount = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string FormatEstimate(double seconds) {
  if (seconds >= 60) return report::FormatDurationUs(static_cast<uint64_t>(seconds) * 1'000'000);
  return fmt::format("{:.1f} s", std::max(0.1, seconds));
}

std::string ForecastJson(const worker::ReadForecast& forecast) {
  const TimeZone utc = TimeZone::Utc();
  return fmt::format(
      R"({{"period_start":"{}","period_end":"{}","spans":{},"spans_without_slot":{},"requests":{},)"
      R"("bytes":{},"seconds":{:.3f}}})",
      utc.Format(forecast.range.start_ms), utc.Format(forecast.range.end_ms), forecast.records,
      forecast.slotless, forecast.requests, forecast.bytes, forecast.seconds);
}

}  // namespace tymbal::cli
