#include "report/number_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "common/uint128.h"

namespace tymbal::report {
namespace {

constexpr uint64_t kMillisecondUs = 1'000;
constexpr uint64_t kSecondUs = 1'000'000;
constexpr uint64_t kMinuteUs = 60 * kSecondUs;
constexpr uint64_t kHourUs = 60 * kMinuteUs;
constexpr uint64_t kDayUs = 24 * kHourUs;

/// Returns number / unit, rounded half up. Does not overflow.
uint64_t Rounded(uint64_t number, uint64_t unit) {
  return number / unit + (number % unit >= unit - unit / 2 ? 1 : 0);
}

/// Returns number / unit with three digits: "1.24", "12.4", "124". REQUIRES: 100 divides unit.
std::string ThreeDigits(uint64_t number, uint64_t unit) {
  if (const uint64_t hundredths = Rounded(number, unit / 100); hundredths < 1000) {
    return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
  }
  if (const uint64_t tenths = Rounded(number, unit / 10); tenths < 1000) {
    return fmt::format("{}.{}", tenths / 10, tenths % 10);
  }
  return fmt::format("{}", Rounded(number, unit));
}

/// "2 m 05 s": whole `large` and the rest in `small`, rounded to it.
std::string TwoUnits(uint64_t duration_us, uint64_t large_us, std::string_view large,
                     uint64_t small_us, std::string_view small) {
  const uint64_t smalls = Rounded(duration_us, small_us);
  const uint64_t per_large = large_us / small_us;
  return fmt::format("{} {} {:02} {}", smalls / per_large, large, smalls % per_large, small);
}

double Quotient(double numerator, uint64_t calls) {
  return calls == 0 ? 0 : numerator / static_cast<double>(calls);
}

}  // namespace

std::string FormatDurationUs(uint64_t duration_us) {
  // Each limit is where rounding would reach the next unit.
  if (duration_us < kMillisecondUs) return fmt::format("{} µs", duration_us);
  if (duration_us < kSecondUs - 500) return ThreeDigits(duration_us, kMillisecondUs) + " ms";
  if (duration_us < kMinuteUs - kSecondUs / 20) return ThreeDigits(duration_us, kSecondUs) + " s";
  if (duration_us < kHourUs - kSecondUs / 2) {
    return TwoUnits(duration_us, kMinuteUs, "m", kSecondUs, "s");
  }
  if (duration_us < kDayUs - kMinuteUs / 2) {
    return TwoUnits(duration_us, kHourUs, "h", kMinuteUs, "m");
  }
  return TwoUnits(duration_us, kDayUs, "d", kHourUs, "h");
}

std::string FormatExact(uint64_t count) {
  std::string digits = fmt::format("{}", count);
  for (size_t end = digits.size(); end > 3;) digits.insert(end -= 3, ",");
  return digits;
}

std::string FormatCount(uint64_t count) {
  if (count < 10'000) return FormatExact(count);
  constexpr std::array<std::string_view, 6> kUnits = {"k", "M", "G", "T", "P", "E"};
  uint64_t unit = 1000;
  size_t i = 0;
  while (i + 1 < kUnits.size() && Rounded(count, unit) >= 1000) {
    unit *= 1000;
    ++i;
  }
  if (const uint64_t tenths = Rounded(count, unit / 10); tenths < 1000) {
    return fmt::format("{}.{} {}", tenths / 10, tenths % 10, kUnits[i]);
  }
  return fmt::format("{} {}", Rounded(count, unit), kUnits[i]);
}

std::string FormatShare(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  if (part == 0) return "0 %";
  if (part >= whole) return "100 %";
  const auto scaled = [part, whole](uint64_t scale) {
    const auto product = static_cast<Uint128>(part) * scale + whole / 2;
    return static_cast<uint64_t>(product / whole);
  };
  const uint64_t hundredths = scaled(10'000);
  if (hundredths == 0) return "<0.01 %";
  if (hundredths < 1000) return fmt::format("{}.{:02} %", hundredths / 100, hundredths % 100);
  const uint64_t tenths = std::min<uint64_t>(scaled(1'000), 999);
  return fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

std::string FormatApdex(const EndpointStat& stat) {
  return stat.calls == 0 ? "-" : fmt::format("{:.2f}", Apdex(stat));
}

double Apdex(const EndpointStat& stat) {
  return Quotient(static_cast<double>(stat.satisfied) + static_cast<double>(stat.tolerating) / 2,
                  stat.calls);
}

double ErrorRate(const EndpointStat& stat) {
  return Quotient(static_cast<double>(stat.errors), stat.calls);
}

double MeanUs(const EndpointStat& stat) {
  return Quotient(static_cast<double>(stat.duration_sum_us), stat.calls);
}

}  // namespace tymbal::report
