#include "report/report_query.h"

#include <functional>
#include <utility>

#include "report/row_merge.h"
#include "report/row_order.h"

namespace tymbal::report {
namespace {

constexpr int kReadAttempts = 3;

RowFilter FilterOf(const Scope& scope, const NameFilter& names) {
  return {scope.from_ms, scope.to_ms, names.app, names.service, names.method};
}

/// Returns a limit that shows whether there is more.
size_t OneMore(size_t limit) { return limit == 0 || limit == SIZE_MAX ? 0 : limit + 1; }

/// Cuts rows to `limit` and returns whether that left some out.
template <typename Row>
bool Cut(size_t limit, std::vector<Row>* rows) {
  if (limit == 0 || rows->size() <= limit) return false;
  rows->erase(rows->begin() + static_cast<std::ptrdiff_t>(limit), rows->end());
  return true;
}

std::vector<RunId> PublishedRuns(const std::vector<TimelineEntry>& timeline) {
  std::vector<RunId> runs;
  for (const TimelineEntry& entry : timeline) {
    if (entry.IsPublished()) runs.push_back(entry.row.run);
  }
  return runs;
}

/// Resolves the scope and reads its rows, again if a run was published meanwhile.
Result<Scope> ReadUnchanged(ReportSource& source, const ScopeRequest& request,
                            const std::function<Status(const Scope&)>& read_rows) {
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    TYMBAL_ASSIGN_OR_RETURN(Scope scope, ResolveScope(source, request));
    if (scope.counts.published > 0) TYMBAL_RETURN_IF_ERROR(read_rows(scope));
    TYMBAL_ASSIGN_OR_RETURN(const auto now, source.ReadPeriods(scope.from_ms, scope.to_ms));
    const auto timeline = BuildTimeline(now, scope.from_ms, scope.to_ms);
    if (PublishedRuns(timeline) == PublishedRuns(scope.timeline)) return scope;
  }
  return Unavailable("these periods were published anew each time they were read; try again");
}

/// Says which name keeps a report empty. REQUIRES: no row has all the names.
Result<UnknownName> FindUnknown(ReportSource& source, const Scope& scope, const NameFilter& names) {
  if (scope.counts.published == 0) return UnknownName::kNone;
  StatQuery query;
  query.filter = {scope.from_ms, scope.to_ms, names.app, std::nullopt, std::nullopt};
  query.sort = SortKey::kName;
  query.limit = 1;
  if (names.app) {
    query.level = Level::kApp;
    TYMBAL_ASSIGN_OR_RETURN(const auto rows, source.ReadStats(query));
    if (rows.empty()) return UnknownName::kApp;
  }
  if (names.service) {
    query.level = Level::kService;
    query.filter.service = names.service;
    TYMBAL_ASSIGN_OR_RETURN(const auto rows, source.ReadStats(query));
    if (rows.empty()) return UnknownName::kService;
  }
  if (!names.method) return UnknownName::kNone;
  query.level = Level::kMethod;
  query.filter.method = names.method;
  TYMBAL_ASSIGN_OR_RETURN(const auto rows, source.ReadStats(query));
  return rows.empty() ? UnknownName::kMethod : UnknownName::kNone;
}

Status CheckNames(Level level, const NameFilter& names) {
  if (names.method && level != Level::kMethod) {
    return InvalidArgument("services and apps have no method to filter by; report methods has");
  }
  if (names.service && level == Level::kApp) {
    return InvalidArgument("apps have no service to filter by; report services has");
  }
  return Status::Ok();
}

Status ReadMerged(ReportSource& source, const Scope& scope, StatReport* report) {
  const StatRequest& request = report->request;
  RowMerger merger;
  for (const TimelineEntry& entry : scope.timeline) {
    if (!entry.IsPublished()) continue;
    StatQuery query;
    query.level = request.level;
    query.filter = FilterOf(scope, request.names);
    query.filter.from_ms = entry.period.start_ms;
    query.filter.to_ms = entry.period.start_ms + 1;
    query.sort = SortKey::kName;
    query.limit = 0;
    query.with_histogram = true;
    TYMBAL_ASSIGN_OR_RETURN(const auto rows, source.ReadStats(query));
    for (const StatReportRow& row : rows) TYMBAL_RETURN_IF_ERROR(merger.Add(row));
  }
  TYMBAL_ASSIGN_OR_RETURN(report->rows, merger.Finish(scope.extent));
  SortRows(request.sort, &report->rows);
  return Status::Ok();
}

}  // namespace

std::optional<RunId> StatReport::RunOf(const StatReportRow& row) const {
  if (request.merge && scope.counts.published > 1) return std::nullopt;
  return scope.RunOf(row.period.start_ms);
}

Result<StatReport> ReadStatReport(ReportSource& source, const StatRequest& request) {
  TYMBAL_RETURN_IF_ERROR(CheckScope(request.scope));
  TYMBAL_RETURN_IF_ERROR(CheckNames(request.level, request.names));
  StatReport report;
  report.request = request;
  const auto read_rows = [&](const Scope& scope) -> Status {
    if (request.merge && scope.counts.published > 1) {
      TYMBAL_RETURN_IF_ERROR(ReadMerged(source, scope, &report));
    } else {
      StatQuery query;
      query.level = request.level;
      query.filter = FilterOf(scope, request.names);
      query.sort = request.sort;
      query.limit = OneMore(request.limit);
      TYMBAL_ASSIGN_OR_RETURN(report.rows, source.ReadStats(query));
    }
    report.more = Cut(request.limit, &report.rows);
    return Status::Ok();
  };
  TYMBAL_ASSIGN_OR_RETURN(report.scope, ReadUnchanged(source, request.scope, read_rows));
  if (report.rows.empty()) {
    TYMBAL_ASSIGN_OR_RETURN(report.unknown, FindUnknown(source, report.scope, request.names));
  }
  return report;
}

Result<SlowReport> ReadSlowReport(ReportSource& source, const SlowRequest& request) {
  TYMBAL_RETURN_IF_ERROR(CheckScope(request.scope));
  SlowReport report;
  report.request = request;
  const auto read_rows = [&](const Scope& scope) -> Status {
    TYMBAL_ASSIGN_OR_RETURN(
        report.rows, source.ReadSlowCalls(FilterOf(scope, request.names), OneMore(request.limit)));
    report.more = Cut(request.limit, &report.rows);
    return Status::Ok();
  };
  TYMBAL_ASSIGN_OR_RETURN(report.scope, ReadUnchanged(source, request.scope, read_rows));
  if (report.rows.empty()) {
    TYMBAL_ASSIGN_OR_RETURN(report.unknown, FindUnknown(source, report.scope, request.names));
  }
  return report;
}

Result<PeriodsReport> ReadPeriodsReport(ReportSource& source, const PeriodsRequest& request) {
  TYMBAL_RETURN_IF_ERROR(CheckScope(request.scope));
  TYMBAL_ASSIGN_OR_RETURN(const auto rows, source.ReadPeriods(INT64_MIN, INT64_MAX));
  PeriodsReport report;
  report.request = request;
  report.scope = ScopeOf(rows, request.scope);
  report.watermark = FindWatermark(BuildTimeline(rows, INT64_MIN, INT64_MAX));
  const size_t entries = report.scope.timeline.size();
  if (request.limit > 0 && entries > request.limit) report.hidden = entries - request.limit;
  return report;
}

}  // namespace tymbal::report
