#pragma once

#include <cstdint>
#include <string>

#include "common/period.h"
#include "common/status.h"
#include "search/index_catalog.h"

namespace tymbal::search {

/// The field that says when a span began, as queries use it.
struct TimeField {
  /// A date, or a number of these since 1970.
  enum class Kind : uint8_t { kDate, kSeconds, kMillis, kMicros, kNanos };

  std::string name;
  Kind kind = Kind::kDate;

  /// The shortest slice of time that can be asked for: below it all spans look alike.
  int64_t StepMs() const { return kind == Kind::kSeconds ? 1000 : 1; }
  /// Whether the server's histograms divide this field exactly: they count in doubles, which have
  /// no place for nanoseconds since 1970.
  bool HasExactHistogram() const { return kind != Kind::kNanos; }

  /// Returns the clause that `range` (half-open) is. It is meant for `bool.filter`: a bare range as
  /// the query loses spans on OpenSearch 3 when a cursor follows.
  std::string RangeClause(const Period& range) const;
  /// Returns the aggregation that counts in buckets of `interval_ms` from `from_ms` on. REQUIRES:
  /// HasExactHistogram().
  std::string HistogramClause(int64_t from_ms, int64_t interval_ms, bool since_7) const;
  /// Returns the start in ms of a bucket with this key.
  int64_t BucketStartMs(double key) const;
};

/// Returns how to use the field; `number` says what numbers count where it isn't mapped as a date.
/// Errors: kBadInput when it is not there, is not indexed, has no doc values or is of different
/// types in different indices: with the cure.
Result<TimeField> FindTimeField(const IndexSet& indices, const std::string& name,
                                TimeField::Kind number);

}  // namespace tymbal::search
