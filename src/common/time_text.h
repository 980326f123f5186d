#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/status.h"

namespace tymbal {

/// Parses an ISO 8601 time into ms since the UTC epoch: a date, or a date and a time to the minute,
/// second or fraction, with "Z", "+hh:mm" or nothing, which means UTC ("2026-11-22",
/// "2026-11-22T10:00Z", "2026-11-22 10:00:00.250+01:00"). Digits below 1 ms are cut.
/// Errors: kInvalidArgument.
Result<int64_t> ParseTimeMs(std::string_view text);

/// How times are shown: a fixed offset from UTC or a named zone of the machine's zone database.
class TimeZone {
 public:
  static TimeZone Utc() { return {}; }
  /// `name` is "UTC", "+hh:mm", "-hh:mm" or a name such as "Europe/Berlin".
  static Result<TimeZone> Find(std::string_view name);

  /// Returns for instance "2026-11-22T10:00:00.000Z" or "2026-11-22T11:00:00.000+01:00".
  std::string Format(int64_t time_ms) const;
  /// Returns the same without milliseconds where they are zero, and with a blank for the T.
  std::string FormatShort(int64_t time_ms) const;

 private:
  int64_t OffsetSeconds(int64_t time_ms) const;

  std::string zone_;  // Empty: fixed offset.
  int64_t offset_s_ = 0;
};

}  // namespace tymbal
