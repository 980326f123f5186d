#include "report/explain.h"

#include <string_view>

#include "common/text.h"
#include "report/number_format.h"
#include "report/table.h"

namespace tymbal::report {
namespace {

constexpr size_t kNameWidthMax = 60;
constexpr size_t kReasonWidthMax = 200;

std::string Quoted(std::string_view name) {
  return "\"" + FitText(Printable(name), kNameWidthMax) + "\"";
}

std::string Span(const Period& period, const TimeZone& zone) {
  return zone.FormatShort(period.start_ms) + " to " + zone.FormatShort(period.end_ms);
}

void AppendTo(std::string* list, std::string_view more, std::string_view separator = ", ") {
  if (more.empty()) return;
  if (!list->empty()) *list += separator;
  *list += more;
}

/// Why no period of the scope is published.
std::string NothingPublished(const Scope& scope, const TimeZone& zone) {
  const ScopeRequest& request = scope.request;
  if (request.instant_ms) {
    if (scope.timeline.empty()) {
      return "no period holds " + zone.FormatShort(*request.instant_ms);
    }
    const PeriodReportRow& row = scope.timeline.front().row;
    std::string text =
        "the period " + Span(row.period, zone) + " is " + std::string(RunStateName(row.state));
    AppendTo(&text, FitText(Printable(row.reason), kReasonWidthMax), ": ");
    return text;
  }
  if (request.from_ms && request.to_ms) {
    return "no published period in " + Span({*request.from_ms, *request.to_ms}, zone);
  }
  if (request.from_ms) return "no published period from " + zone.FormatShort(*request.from_ms);
  if (request.to_ms) return "no published period before " + zone.FormatShort(*request.to_ms);
  return "no period is published yet";
}

std::string NoPeriod(const Scope& scope, const TimeZone& zone) {
  if (!scope.known) return "the store holds no period yet";
  std::string text = NothingPublished(scope, zone);
  if (!scope.request.instant_ms) {
    AppendTo(&text, DescribeUnpublished(scope.counts), "; there: ");
  }
  return text + "; the store holds " + Span(*scope.known, zone);
}

std::string NoName(const NameFilter& names, UnknownName unknown) {
  switch (unknown) {
    case UnknownName::kNone:
      return "";
    case UnknownName::kApp:
      return "no app " + Quoted(*names.app);
    case UnknownName::kService:
      return "no service " + Quoted(*names.service) +
             (names.app ? " of app " + Quoted(*names.app) : "");
    case UnknownName::kMethod: {
      const std::string of = DescribeFilter({names.app, names.service, std::nullopt});
      return "no method " + Quoted(*names.method) + (of.empty() ? "" : " of " + of);
    }
  }
  return "";
}

std::string NoRows(const Scope& scope, const NameFilter& names, UnknownName unknown,
                   std::string_view what, const TimeZone& zone) {
  if (scope.counts.published == 0) return NoPeriod(scope, zone);
  std::string text = NoName(names, unknown);
  const bool named = !text.empty();
  if (!named) text = "no " + std::string(what);
  text += scope.counts.published == 1 ? " in this period" : " in these periods";
  if (named) return text;
  if (scope.coverage.read == 0) return text + ": the source held no spans";
  if (scope.coverage.rejected.Total() == scope.coverage.read) {
    return text + ": all " + FormatExact(scope.coverage.read) +
           " spans were rejected; the report on periods says why";
  }
  return text;
}

}  // namespace

std::string DescribePeriods(const Scope& scope, const TimeZone& zone) {
  const std::string extent = Span(scope.extent, zone);
  if (scope.counts.published == 1) return extent;
  return FormatExact(scope.counts.published) + " periods, " + extent;
}

std::string DescribeUnpublished(const PeriodCounts& counts) {
  std::string text;
  if (counts.open > 0) AppendTo(&text, FormatExact(counts.open) + " open");
  if (counts.failed > 0) AppendTo(&text, FormatExact(counts.failed) + " failed");
  if (counts.missing > 0) AppendTo(&text, FormatExact(counts.missing) + " missing");
  return text;
}

std::string DescribeCoverage(const Coverage& coverage, uint64_t unplaced) {
  std::string text = "spans " + FormatExact(coverage.read) + " of " +
                     FormatExact(coverage.expected) + " read, " +
                     FormatExact(coverage.rejected.Total()) + " rejected";
  if (unplaced > 0) text += ", " + FormatExact(unplaced) + " unplaced";
  return text;
}

std::string DescribeFilter(const NameFilter& names) {
  std::string text;
  if (names.app) AppendTo(&text, "app " + Quoted(*names.app));
  if (names.service) AppendTo(&text, "service " + Quoted(*names.service));
  if (names.method) AppendTo(&text, "method " + Quoted(*names.method));
  return text;
}

std::string ExplainEmpty(const StatReport& report, const TimeZone& zone) {
  return NoRows(report.scope, report.request.names, report.unknown, "calls", zone);
}

std::string ExplainEmpty(const SlowReport& report, const TimeZone& zone) {
  return NoRows(report.scope, report.request.names, report.unknown, "slow calls", zone);
}

std::string ExplainEmpty(const PeriodsReport& report, const TimeZone& zone) {
  return NoPeriod(report.scope, zone);
}

}  // namespace tymbal::report
