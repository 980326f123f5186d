#include "common/time_text.h"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>

namespace tymbal {
namespace {

constexpr int64_t kDayMs = 86'400'000;

/// Reads fixed-width digits from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  std::optional<int> Digits(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int number = 0;
    for (size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      number = number * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return number;
  }
  bool Eat(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool AtEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// Reads ".digits" if it is there and returns whole milliseconds.
int FractionMs(Scanner& scanner) {
  int fraction_ms = 0;
  if (!scanner.Eat('.')) return 0;
  for (int scale = 100; auto digit = scanner.Digits(1); scale /= 10) fraction_ms += *digit * scale;
  return fraction_ms;
}

/// Reads "Z", "+hh:mm", "-hh:mm", "+hhmm" or nothing and returns seconds east of UTC.
std::optional<int64_t> OffsetSeconds(Scanner& scanner) {
  if (scanner.AtEnd() || scanner.Eat('Z')) return 0;
  const int64_t sign = scanner.Eat('-') ? -1 : scanner.Eat('+') ? 1 : 0;
  if (sign == 0) return std::nullopt;
  const auto hours = scanner.Digits(2);
  scanner.Eat(':');
  const auto minutes = scanner.Digits(2);
  if (!hours || !minutes || *hours > 18 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 3600 + *minutes * 60);
}

std::optional<int64_t> Parse(std::string_view text) {
  Scanner scanner(text);
  const auto year = scanner.Digits(4);
  if (!year || !scanner.Eat('-')) return std::nullopt;
  const auto month = scanner.Digits(2);
  if (!month || !scanner.Eat('-')) return std::nullopt;
  const auto day = scanner.Digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const int64_t date_ms = std::chrono::sys_days(date).time_since_epoch().count() * kDayMs;
  if (scanner.AtEnd()) return date_ms;

  if (!scanner.Eat('T') && !scanner.Eat(' ')) return std::nullopt;
  const auto hour = scanner.Digits(2);
  if (!hour || *hour > 23 || !scanner.Eat(':')) return std::nullopt;
  const auto minute = scanner.Digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  int second = 0;
  if (scanner.Eat(':')) {
    const auto digits = scanner.Digits(2);
    if (!digits || *digits > 59) return std::nullopt;
    second = *digits;
  }
  const int fraction_ms = FractionMs(scanner);
  const auto offset_s = OffsetSeconds(scanner);
  if (!offset_s || !scanner.AtEnd()) return std::nullopt;
  return date_ms + (((*hour * 60 + *minute) * 60 + second) - *offset_s) * 1000 + fraction_ms;
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

std::string FormatAt(int64_t time_ms, int64_t offset_s, bool brief) {
  const int64_t local_ms = time_ms + offset_s * 1000;
  const int64_t day = FloorDiv(local_ms, kDayMs);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  const auto of_day_ms = static_cast<int>(local_ms - day * kDayMs);
  const int millis = of_day_ms % 1000;
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02u%c%02d:%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), brief ? ' ' : 'T', of_day_ms / 3'600'000,
                of_day_ms / 60'000 % 60, of_day_ms / 1000 % 60);
  std::string text = buffer.data();
  if (!brief || millis != 0) {
    std::snprintf(buffer.data(), buffer.size(), ".%03d", millis);
    text += buffer.data();
  }
  if (offset_s == 0) return text + "Z";
  const int64_t magnitude_s = offset_s < 0 ? -offset_s : offset_s;
  std::snprintf(buffer.data(), buffer.size(), "%c%02d:%02d", offset_s < 0 ? '-' : '+',
                static_cast<int>(magnitude_s / 3600), static_cast<int>(magnitude_s / 60 % 60));
  return text + buffer.data();
}

}  // namespace

Result<int64_t> ParseTimeMs(std::string_view text) {
  const std::optional<int64_t> time_ms = Parse(text);
  if (!time_ms) {
    return InvalidArgument("'" + std::string(text) +
                           "' is no time; write for instance 2026-11-22T10:00Z");
  }
  return *time_ms;
}

Result<TimeZone> TimeZone::Find(std::string_view name) {
  TimeZone zone;
  if (name == "UTC" || name == "Z") return zone;
  if (name.starts_with('+') || name.starts_with('-')) {
    Scanner scanner(name);
    if (const auto offset_s = tymbal::OffsetSeconds(scanner); offset_s && scanner.AtEnd()) {
      zone.offset_s_ = *offset_s;
      return zone;
    }
  } else if (cctz::time_zone found; cctz::load_time_zone(std::string(name), &found)) {
    zone.zone_ = name;
    return zone;
  }
  return InvalidArgument("'" + std::string(name) +
                         "' is no time zone; write UTC, +01:00 or a name of the zone database such "
                         "as Europe/Berlin (package tzdata)");
}

int64_t TimeZone::OffsetSeconds(int64_t time_ms) const {
  if (zone_.empty()) return offset_s_;
  cctz::time_zone zone;
  cctz::load_time_zone(zone_, &zone);  // Cached by the library; Find() has seen it succeed.
  const std::chrono::system_clock::time_point time{std::chrono::milliseconds(time_ms)};
  return zone.lookup(time).offset;
}

std::string TimeZone::Format(int64_t time_ms) const {
  return FormatAt(time_ms, OffsetSeconds(time_ms), /*brief=*/false);
}

std::string TimeZone::FormatShort(int64_t time_ms) const {
  return FormatAt(time_ms, OffsetSeconds(time_ms), /*brief=*/true);
}

}  // namespace tymbal
