#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/coverage.h"
#include "common/report_source.h"
#include "common/status.h"
#include "report/timeline.h"

namespace tymbal::report {

/// Which periods a report is about, as it was asked for. At most one of `instant_ms`, `last_ms` and
/// the pair from/to is set.
struct ScopeRequest {
  std::optional<int64_t> instant_ms = {};  ///< The period that holds this instant.
  std::optional<int64_t> from_ms = {};     ///< Periods that start at or after it.
  std::optional<int64_t> to_ms = {};       ///< Periods that start before it.
  /// Periods of so long a time, up to the end of the last published one.
  std::optional<int64_t> last_ms = {};
  bool all = false;  ///< Nothing set: all periods, not the last published one.

  bool IsRange() const { return from_ms || to_ms || last_ms; }
};

/// Errors: kInvalidArgument when the request contradicts itself.
Status CheckScope(const ScopeRequest& request);

/// The periods of a report, and how complete they are.
struct Scope {
  ScopeRequest request;
  int64_t from_ms = INT64_MIN;  ///< Half-open range on the periods' start.
  int64_t to_ms = INT64_MAX;
  std::vector<TimelineEntry> timeline;
  PeriodCounts counts;
  Coverage coverage;      ///< Of the published periods.
  uint64_t unplaced = 0;  ///< Of the inputs of the published periods, each input once.
  Period extent;          ///< From the first published to the last one; unset when there is none.
  /// All that the store knows; set only when no period of the scope is published, and then unless
  /// the store is empty.
  std::optional<Period> known;

  /// Returns the published run of the period that starts at `start_ms`, if it is in the scope.
  std::optional<RunId> RunOf(int64_t start_ms) const;
};

/// Finds out which periods are meant and what the store knows about them.
/// REQUIRES: CheckScope(request).ok(). Errors: those of the source.
Result<Scope> ResolveScope(ReportSource& source, const ScopeRequest& request);

/// Cuts the timeline of a whole store, for a report on the periods themselves.
/// REQUIRES: `rows` is what ReadPeriods returns for all times.
Scope ScopeOf(const std::vector<PeriodReportRow>& rows, const ScopeRequest& request);

}  // namespace tymbal::report
