#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/report_source.h"
#include "common/status.h"
#include "report/scope.h"
#include "report/timeline.h"

namespace tymbal::report {

/// Exact names (bytes) that rows must have.
struct NameFilter {
  std::optional<std::string> app = {};
  std::optional<std::string> service = {};
  std::optional<std::string> method = {};
};

struct StatRequest {
  Level level = Level::kMethod;
  ScopeRequest scope;
  NameFilter names;
  SortKey sort = SortKey::kP99;
  size_t limit = 20;   ///< 0 = all.
  bool merge = false;  ///< One row per endpoint over all periods of the scope; see RowMerger.
};

/// The first name of a filter that the periods of a report don't have.
enum class UnknownName { kNone, kApp, kService, kMethod };

/// Statistics of the published periods of a scope.
struct StatReport {
  StatRequest request;
  Scope scope;
  std::vector<StatReportRow> rows;
  bool more = false;  ///< The limit left rows out.
  UnknownName unknown = UnknownName::kNone;

  /// Returns the run that a row comes from; nothing when it comes from several.
  std::optional<RunId> RunOf(const StatReportRow& row) const;
};

struct SlowRequest {
  ScopeRequest scope;
  NameFilter names;
  size_t limit = 20;  ///< 0 = all that are stored.
};

/// The slowest calls, longest first.
struct SlowReport {
  SlowRequest request;
  Scope scope;
  std::vector<SlowReportRow> rows;
  bool more = false;
  UnknownName unknown = UnknownName::kNone;
};

struct PeriodsRequest {
  ScopeRequest scope;
  size_t limit = 20;  ///< Of entries, the newest ones; 0 = all.
};

/// What the store knows about each period, gaps included (I6): the scope's timeline.
struct PeriodsReport {
  PeriodsRequest request;
  Scope scope;        ///< Without the limit.
  size_t hidden = 0;  ///< The limit leaves out so many entries at the front of the timeline.
  Watermark watermark;
};

/// Read a report. Nothing is ever mixed from two runs of one period: when a period is published
/// anew while it is read, it is read again. Errors: kInvalidArgument (the request), kUnavailable
/// (published anew again and again), those of the source and of RowMerger.
Result<StatReport> ReadStatReport(ReportSource& source, const StatRequest& request);
Result<SlowReport> ReadSlowReport(ReportSource& source, const SlowRequest& request);
Result<PeriodsReport> ReadPeriodsReport(ReportSource& source, const PeriodsRequest& request);

}  // namespace tymbal::report
