#pragma once

#include <cstdint>
#include <optional>

#include "common/coverage.h"
#include "worker/json_text.h"
#include "worker/profile.h"

namespace tymbal::worker {

/// Converts a time since 1970 to ms, cutting what is below. Returns nothing when it doesn't fit.
std::optional<int64_t> ToMillis(const JsonNumber& number, TimeUnit unit);

/// Converts a duration to µs. Nanoseconds are cut to whole µs; s and ms with a fraction are
/// rounded. Returns why it is no duration, or nothing and sets `*micros`.
std::optional<RejectReason> ToMicros(const JsonNumber& number, TimeUnit unit, uint64_t* micros);

}  // namespace tymbal::worker
