#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/coverage.h"
#include "worker/json_text.h"
#include "worker/profile.h"

namespace tymbal::worker {

/// Converts a whole number of a unit to µs, cutting what is below; saturated at 2^64 - 1.
inline uint64_t WholeMicros(uint64_t number, TimeUnit unit) {
  if (unit == TimeUnit::kMicros) return number;
  if (unit == TimeUnit::kNanos) return number / 1000;
  const uint64_t factor = unit == TimeUnit::kSeconds ? 1'000'000 : 1000;
  return number > UINT64_MAX / factor ? UINT64_MAX : number * factor;
}

/// Converts a time since 1970 to ms, cutting what is below. Returns nothing when it doesn't fit.
std::optional<int64_t> ToMillis(const JsonNumber& number, TimeUnit unit);

/// Reads a text that Elasticsearch's `date` accepts: ISO 8601 (ParseTimeMs), or ms since 1970 with
/// or without a fraction, which is cut ("1795341600250.999999", as OpenTelemetry's exporter
/// writes). Returns nothing when it is neither.
std::optional<int64_t> DateTextToMillis(std::string_view text);

/// Converts a duration to µs. Nanoseconds are cut to whole µs; s and ms with a fraction are
/// rounded. Returns why it is no duration, or nothing and sets `*micros`.
std::optional<RejectReason> ToMicros(const JsonNumber& number, TimeUnit unit, uint64_t* micros);

}  // namespace tymbal::worker
