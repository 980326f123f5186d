#include "worker/time_units.h"

#include <charconv>
#include <cmath>

#include "common/histogram.h"
#include "common/time_text.h"

namespace tymbal::worker {
namespace {

double UnitMicros(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kSeconds:
      return 1e6;
    case TimeUnit::kMillis:
    case TimeUnit::kIso:
      return 1e3;
    case TimeUnit::kMicros:
      return 1;
    case TimeUnit::kNanos:
      return 1e-3;
  }
  return 1;
}

}  // namespace

std::optional<int64_t> ToMillis(const JsonNumber& number, TimeUnit unit) {
  if (!number.is_integer || number.magnitude > INT64_MAX) {
    // The small addend undoes the error of a decimal fraction that binary can't hold.
    const double millis = std::floor(number.real * UnitMicros(unit) / 1e3 + 1e-4);
    if (!(std::abs(millis) < 9e15)) return std::nullopt;
    return static_cast<int64_t>(millis);
  }
  const int64_t value = static_cast<int64_t>(number.magnitude) * (number.negative ? -1 : 1);
  const auto floor_div = [](int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); };
  int64_t millis = value;
  switch (unit) {
    case TimeUnit::kSeconds:
      if (__builtin_mul_overflow(value, 1000, &millis)) return std::nullopt;
      return millis;
    case TimeUnit::kMillis:
    case TimeUnit::kIso:
      return value;
    case TimeUnit::kMicros:
      return floor_div(value, 1000);
    case TimeUnit::kNanos:
      return floor_div(value, 1'000'000);
  }
  return std::nullopt;
}

std::optional<int64_t> DateTextToMillis(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  const size_t whole = std::min(text.find_first_not_of(kDigits), text.size());
  const bool is_number =
      whole > 0 && (whole == text.size() ||
                    (text[whole] == '.' && whole + 1 < text.size() &&
                     text.find_first_not_of(kDigits, whole + 1) == std::string_view::npos));
  if (is_number) {
    int64_t millis = 0;  // By its digits: a double would round up the last ms of a period.
    const auto [end, error] = std::from_chars(text.data(), text.data() + whole, millis);
    return error == std::errc() ? std::optional(millis) : std::nullopt;
  }
  const auto parsed = ParseTimeMs(text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::optional<RejectReason> ToMicros(const JsonNumber& number, TimeUnit unit, uint64_t* micros) {
  if (number.negative) return RejectReason::kDurationNegative;
  if (number.is_integer && unit == TimeUnit::kMicros) {
    *micros = number.magnitude;
  } else if (number.is_integer && unit == TimeUnit::kNanos) {
    *micros = number.magnitude / 1000;
  } else {
    const double value = number.real * UnitMicros(unit);
    if (!(value <= static_cast<double>(kDurationMaxUs))) return RejectReason::kDurationTooLong;
    if (unit == TimeUnit::kMicros && value != std::floor(value)) {
      return RejectReason::kDurationFraction;
    }
    *micros =
        static_cast<uint64_t>(unit == TimeUnit::kNanos ? std::floor(value) : std::round(value));
  }
  if (*micros > kDurationMaxUs) return RejectReason::kDurationTooLong;
  return std::nullopt;
}

}  // namespace tymbal::worker
