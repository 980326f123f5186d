#include "common/period.h"

#include <array>
#include <charconv>

namespace tymbal {
namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kDayMs = 24 * 3600 * kSecondMs;
constexpr int64_t kLengthMaxMs = 31 * kDayMs;

struct Unit {
  std::string_view name;
  int64_t ms;
};
constexpr std::array<Unit, 5> kUnits = {
    {{"d", kDayMs}, {"h", 3600 * kSecondMs}, {"m", 60 * kSecondMs}, {"s", kSecondMs}, {"ms", 1}}};

}  // namespace

Result<PeriodGrid> PeriodGrid::Create(int64_t length_ms, int64_t offset_ms) {
  if (length_ms < kSecondMs || length_ms > kLengthMaxMs) {
    return InvalidArgument("the period is " + FormatDurationMs(length_ms) +
                           "; it must be between 1s and 31d");
  }
  if (offset_ms < 0 || offset_ms >= length_ms) {
    return InvalidArgument("the period offset is " + FormatDurationMs(offset_ms) +
                           "; it must be at least 0 and less than the period");
  }
  return PeriodGrid(length_ms, offset_ms);
}

Result<int64_t> ParseDurationMs(std::string_view text) {
  const std::string error = "'" + std::string(text) +
                            "' is no duration; write a whole number and ms, s, m, h or d, "
                            "for instance 5m";
  int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || number < 0) return InvalidArgument(error);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  for (const Unit& candidate : kUnits) {
    if (unit != candidate.name) continue;
    int64_t duration_ms = 0;
    if (__builtin_mul_overflow(number, candidate.ms, &duration_ms)) return InvalidArgument(error);
    return duration_ms;
  }
  return InvalidArgument(error);
}

std::string FormatDurationMs(int64_t duration_ms) {
  for (const Unit& unit : kUnits) {
    if (duration_ms != 0 && duration_ms % unit.ms == 0) {
      return std::to_string(duration_ms / unit.ms) + std::string(unit.name);
    }
  }
  return "0s";
}

}  // namespace tymbal
