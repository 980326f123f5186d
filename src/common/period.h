#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/status.h"

namespace tymbal {

/// Half-open interval [start_ms, end_ms) of span start time, in ms since the UTC epoch.
struct Period {
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  auto operator<=>(const Period&) const = default;
};

/// Divides time into periods of one length, aligned to the UTC epoch plus an offset.
class PeriodGrid {
 public:
  /// `length_ms` is in [1 s, 31 d]; `offset_ms` in [0, length_ms).
  static Result<PeriodGrid> Create(int64_t length_ms, int64_t offset_ms);

  int64_t length_ms() const { return length_ms_; }
  int64_t offset_ms() const { return offset_ms_; }

  /// Returns the start of the period that holds `time_ms`; correct before 1970 as well.
  int64_t StartOf(int64_t time_ms) const {
    const int64_t remainder = (time_ms - offset_ms_) % length_ms_;
    return time_ms - (remainder < 0 ? remainder + length_ms_ : remainder);
  }
  Period PeriodAt(int64_t start_ms) const { return {start_ms, start_ms + length_ms_}; }

 private:
  PeriodGrid(int64_t length_ms, int64_t offset_ms) : length_ms_(length_ms), offset_ms_(offset_ms) {}
  int64_t length_ms_;
  int64_t offset_ms_;
};

/// Parses "500ms", "90s", "5m", "1h", "1d" into milliseconds. Errors: kInvalidArgument.
Result<int64_t> ParseDurationMs(std::string_view text);

/// Returns the shortest of the same forms, for instance "5m" for 300000.
std::string FormatDurationMs(int64_t duration_ms);

}  // namespace tymbal
