#pragma once

#include <string_view>

#include "common/status.h"

namespace tymbal {

/// What reports can be sorted by: numbers descending, time and names ascending; ties by name, then
/// time.
enum class SortKey {
  kTime,  ///< Period, then names.
  kName,
  kCalls,
  kErrors,
  kErrorRate,
  kSum,
  kMean,
  kMax,
  kP50,
  kP75,
  kP90,
  kP95,
  kP99,
  kP999,
};

/// Parses "p99", "calls", "error_rate" and so on. Errors: kInvalidArgument, with the names there
/// are.
Result<SortKey> ParseSortKey(std::string_view name);
/// Returns the name, for people and for stores.
std::string_view SortKeyName(SortKey key);

}  // namespace tymbal
