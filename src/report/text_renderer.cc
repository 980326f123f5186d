#include "report/text_renderer.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "report/explain.h"
#include "report/number_format.h"

namespace tymbal::report {
namespace {

/// A column of numbers on an endpoint, and its importance where the table is narrow.
struct StatColumn {
  SortKey key;  // Sorting by it makes it essential.
  std::string_view title;
  int importance;
  std::string (*format)(const EndpointStat& stat);
};

template <size_t kIndex>
std::string FormatPercentile(const EndpointStat& stat) {
  return (stat.exact ? "" : "~") + FormatDurationUs(stat.percentile_us[kIndex]);
}

/// In the order of the table. kTime stands for what nobody can sort by.
constexpr std::array<StatColumn, 14> kStatColumns = {{
    {SortKey::kCalls, "calls", Column::kEssential,
     [](const EndpointStat& stat) { return FormatCount(stat.calls); }},
    {SortKey::kErrors, "errors", 50,
     [](const EndpointStat& stat) { return FormatCount(stat.errors); }},
    {SortKey::kErrorRate, "error rate", 90,
     [](const EndpointStat& stat) { return FormatShare(stat.errors, stat.calls); }},
    {SortKey::kTime, "apdex", 65, FormatApdex},
    {SortKey::kMean, "mean", 60,
     [](const EndpointStat& stat) {
       return FormatDurationUs(stat.calls == 0 ? 0 : stat.duration_sum_us / stat.calls);
     }},
    {SortKey::kTime, "min", 10,
     [](const EndpointStat& stat) { return FormatDurationUs(stat.min_us); }},
    {SortKey::kP50, "p50", 85, FormatPercentile<0>},
    {SortKey::kP75, "p75", 20, FormatPercentile<1>},
    {SortKey::kP90, "p90", 40, FormatPercentile<2>},
    {SortKey::kP95, "p95", 55, FormatPercentile<3>},
    {SortKey::kP99, "p99", Column::kEssential + 1, FormatPercentile<4>},
    {SortKey::kP999, "p99.9", 45, FormatPercentile<5>},
    {SortKey::kMax, "max", 70,
     [](const EndpointStat& stat) { return FormatDurationUs(stat.max_us); }},
    {SortKey::kSum, "total", 30,
     [](const EndpointStat& stat) { return FormatDurationUs(stat.duration_sum_us); }},
}};

std::string_view Plural(Level level) {
  switch (level) {
    case Level::kMethod:
      return "methods";
    case Level::kService:
      return "services";
    case Level::kApp:
      return "apps";
  }
  return "";
}

Column NameColumn(std::string_view title) {
  return {std::string(title), Align::kLeft, Column::kAlways, /*shrinks=*/true};
}

Column OptionalColumn(std::string_view title, int importance, bool shrinks) {
  return {std::string(title), Align::kLeft, importance, shrinks, /*optional=*/true};
}

void AddNameColumns(Level level, std::vector<Column>* columns) {
  columns->push_back(NameColumn("app"));
  if (level == Level::kApp) return;
  columns->push_back(NameColumn("service"));
  if (level == Level::kService) return;
  columns->back().optional = true;  // Many tracers know no services.
  columns->push_back(NameColumn("method"));
}

void AddNames(Level level, const EndpointName& name, std::vector<Cell>* cells) {
  cells->push_back({name.app});
  if (level != Level::kApp) cells->push_back({name.service});
  if (level == Level::kMethod) cells->push_back({name.method});
}

/// Removes what all times ("2026-11-22 10:00:00Z") have in common, for the header says it: the
/// date, the zone, and seconds that are zero.
void ShortenTimes(std::vector<std::string>* times) {
  constexpr size_t kDateSize = 11;  // With the blank.
  constexpr size_t kZone = 19;      // Position after the seconds, where a fraction may follow.
  if (times->empty()) return;
  const auto zone_of = [](const std::string& time) {
    const size_t at = time.find_first_of("Z+-", kZone);
    return at == std::string::npos ? std::string() : time.substr(at);
  };
  const auto all = [times](auto&& condition) {
    return std::all_of(times->begin(), times->end(), condition);
  };
  const std::string first = times->front();
  const std::string zone = zone_of(first);
  if (!all([&](const std::string& time) { return time.size() > kZone && zone_of(time) == zone; })) {
    return;
  }
  for (std::string& time : *times) time.resize(time.size() - zone.size());
  if (all([](const std::string& time) { return time.size() == kZone && time.ends_with(":00"); })) {
    for (std::string& time : *times) time.resize(time.size() - 3);
  }
  if (all([&first](const std::string& time) {
        return time.substr(0, kDateSize) == first.substr(0, kDateSize);
      })) {
    for (std::string& time : *times) time.erase(0, kDateSize);
  }
}

/// What all reports on published periods say first.
std::vector<std::string> HeaderParts(std::string title, const Scope& scope, const NameFilter& names,
                                     const TimeZone& zone) {
  std::vector<std::string> parts = {std::move(title)};
  if (std::string filter = DescribeFilter(names); !filter.empty()) {
    parts.push_back(std::move(filter));
  }
  if (scope.counts.published == 0) return parts;
  parts.push_back(DescribePeriods(scope, zone));
  if (const std::string unpublished = DescribeUnpublished(scope.counts); !unpublished.empty()) {
    parts.push_back("not published: " + unpublished);
  }
  parts.push_back(DescribeCoverage(scope.coverage, scope.unplaced));
  return parts;
}

void AddMoreNote(bool more, size_t rows, std::vector<std::string>* notes) {
  if (!more) return;
  notes->push_back("only the first " + (rows == 1 ? "row" : FormatExact(rows) + " rows") +
                   "; --limit 0 shows all");
}

std::string DescribeRejected(const RejectCounts& rejected) {
  std::string text;
  for (size_t i = 0; i < kRejectReasons; ++i) {
    const auto reason = static_cast<RejectReason>(i);
    if (rejected[reason] == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(RejectReasonName(reason)) + " " +
            FormatExact(rejected[reason]);
  }
  return text;
}

std::string DescribeState(const TimelineEntry& entry) {
  if (entry.IsGap()) return "missing (" + FormatExact(entry.missing) + ")";
  return std::string(RunStateName(entry.row.state));
}

std::vector<Cell> PeriodCells(const TimelineEntry& entry, const std::string& time,
                              const TimeZone& zone) {
  if (entry.IsGap()) {
    return {{time}, {DescribeState(entry), Tone::kBad},
            {},     {},
            {},     {},
            {},     {},
            {},     {"up to " + zone.FormatShort(entry.period.end_ms)}};
  }
  const PeriodReportRow& row = entry.row;
  const bool published = entry.IsPublished();
  const Tone tone = published                      ? Tone::kPlain
                    : row.state == RunState::kOpen ? Tone::kWarning
                                                   : Tone::kBad;
  const uint64_t rejected = row.coverage.rejected.Total();
  std::string notes = row.reason;
  if (rejected > 0) notes += (notes.empty() ? "" : "; ") + DescribeRejected(row.coverage.rejected);
  return {{time},
          {DescribeState(entry), tone},
          {published ? FormatExact(row.calls) : "-"},
          {FormatExact(row.coverage.read),
           published && row.coverage.read != row.coverage.expected ? Tone::kBad : Tone::kPlain},
          {FormatExact(row.coverage.expected)},
          {FormatExact(rejected), rejected > 0 ? Tone::kWarning : Tone::kPlain},
          {FormatExact(row.unplaced), row.unplaced > 0 ? Tone::kWarning : Tone::kPlain},
          {std::to_string(row.attempt)},
          {row.source},
          {notes}};
}

std::string DescribeWatermark(const Watermark& watermark, const TimeZone& zone) {
  std::string text =
      "watermark " + (watermark.time_ms ? zone.FormatShort(*watermark.time_ms) : "none");
  if (!watermark.next) return text;
  const TimelineEntry& next = *watermark.next;
  const std::string state = next.IsGap() ? "missing" : std::string(RunStateName(next.row.state));
  return text + ", the next period is " + state;
}

}  // namespace

void TextRenderer::Write(const StatReport& report) {
  const StatRequest& request = report.request;
  std::string title =
      std::string(Plural(request.level)) + " by " + std::string(SortKeyName(request.sort));
  if (request.merge && report.scope.counts.published > 1) title += ", periods merged";
  WriteParts(HeaderParts(std::move(title), report.scope, request.names, zone_));
  if (report.rows.empty()) return WriteParts({ExplainEmpty(report, zone_)});

  const bool several = report.scope.counts.published > 1 && !request.merge;
  std::vector<Column> columns;
  if (several) columns.push_back({"period", Align::kLeft, Column::kEssential + 2});
  AddNameColumns(request.level, &columns);
  for (const StatColumn& column : kStatColumns) {
    const bool sorted = column.key == request.sort && column.key != SortKey::kTime;
    columns.push_back({std::string(column.title), Align::kRight,
                       sorted ? Column::kEssential + 3 : column.importance});
  }
  std::vector<std::string> times;
  for (const StatReportRow& row : report.rows) {
    times.push_back(zone_.FormatShort(row.period.start_ms));
  }
  ShortenTimes(&times);

  Table table(std::move(columns));
  bool exact = true;
  for (size_t i = 0; i < report.rows.size(); ++i) {
    const StatRow& row = report.rows[i].row;
    std::vector<Cell> cells;
    if (several) cells.push_back({times[i]});
    AddNames(request.level, row.name, &cells);
    for (const StatColumn& column : kStatColumns) {
      const bool of_errors = column.key == SortKey::kErrors || column.key == SortKey::kErrorRate;
      const Tone tone = of_errors && row.stat.errors > 0 ? Tone::kWarning : Tone::kPlain;
      cells.push_back({column.format(row.stat), tone});
    }
    table.AddRow(std::move(cells));
    exact = exact && row.stat.exact;
  }
  std::vector<std::string> notes;
  if (!exact) notes.push_back("~ is taken from a histogram and off by at most 0.5 %");
  AddMoreNote(report.more, report.rows.size(), &notes);
  WriteTable(table, std::move(notes));
}

void TextRenderer::Write(const SlowReport& report) {
  WriteParts(HeaderParts("slowest calls", report.scope, report.request.names, zone_));
  if (report.rows.empty()) return WriteParts({ExplainEmpty(report, zone_)});
  std::vector<Column> columns = {{"duration", Align::kRight, Column::kAlways},
                                 {"start", Align::kLeft, Column::kEssential}};
  AddNameColumns(Level::kMethod, &columns);
  columns.push_back(OptionalColumn("error", Column::kEssential + 1, /*shrinks=*/false));
  columns.push_back(OptionalColumn("trace_id", Column::kEssential - 2, /*shrinks=*/false));
  columns.push_back(OptionalColumn("span_id", Column::kEssential - 3, /*shrinks=*/false));
  std::vector<std::string> starts;
  for (const SlowReportRow& row : report.rows) {
    std::string start = zone_.Format(row.call.start_ms);
    std::replace(start.begin(), start.end(), 'T', ' ');
    starts.push_back(std::move(start));
  }
  ShortenTimes(&starts);
  Table table(std::move(columns));
  for (size_t i = 0; i < report.rows.size(); ++i) {
    const SlowReportRow& row = report.rows[i];
    std::vector<Cell> cells = {{FormatDurationUs(row.call.duration_us)}, {starts[i]}};
    AddNames(Level::kMethod, row.name, &cells);
    cells.push_back({row.call.error ? "yes" : "", Tone::kBad});
    cells.push_back({row.call.trace_id});
    cells.push_back({row.call.span_id});
    table.AddRow(std::move(cells));
  }
  std::vector<std::string> notes;
  AddMoreNote(report.more, report.rows.size(), &notes);
  WriteTable(table, std::move(notes));
}

void TextRenderer::Write(const PeriodsReport& report) {
  const std::vector<TimelineEntry>& timeline = report.scope.timeline;
  if (timeline.empty()) return WriteParts({"periods", ExplainEmpty(report, zone_)});
  const PeriodCounts& counts = report.scope.counts;
  std::string title = FormatExact(counts.Total()) +
                      (counts.Total() == 1 ? " period, " : " periods, ") +
                      zone_.FormatShort(timeline.front().period.start_ms) + " to " +
                      zone_.FormatShort(timeline.back().period.end_ms) + ": " +
                      FormatExact(counts.published) + " published";
  if (const std::string unpublished = DescribeUnpublished(counts); !unpublished.empty()) {
    title += ", " + unpublished;
  }
  WriteParts({title, DescribeWatermark(report.watermark, zone_),
              DescribeCoverage(report.scope.coverage, report.scope.unplaced)});

  Table table({{"period", Align::kLeft, Column::kAlways},
               {"state", Align::kLeft, Column::kAlways},
               {"calls", Align::kRight, 900},
               {"spans read", Align::kRight, 800},
               {"expected", Align::kRight, 700},
               {"rejected", Align::kRight, 850},
               {"unplaced", Align::kRight, 400},
               {"attempt", Align::kRight, 300},
               OptionalColumn("source", 350, /*shrinks=*/true),
               OptionalColumn("notes", 880, /*shrinks=*/true)});
  std::vector<std::string> times;
  for (size_t i = report.hidden; i < timeline.size(); ++i) {
    times.push_back(zone_.FormatShort(timeline[i].period.start_ms));
  }
  ShortenTimes(&times);
  for (size_t i = report.hidden; i < timeline.size(); ++i) {
    table.AddRow(PeriodCells(timeline[i], times[i - report.hidden], zone_));
  }
  std::vector<std::string> notes;
  if (report.hidden > 0) {
    const size_t shown = timeline.size() - report.hidden;
    notes.push_back("only the last " + (shown == 1 ? "row" : FormatExact(shown) + " rows") +
                    "; --limit 0 shows all");
  }
  WriteTable(table, std::move(notes));
}

void TextRenderer::WriteParts(const std::vector<std::string>& parts) {
  for (const std::string& line : WrapParts(parts, style_.width)) out_ << line << '\n';
}

void TextRenderer::WriteTable(const Table& table, std::vector<std::string> notes) {
  out_ << '\n';
  const std::vector<std::string> left_out = table.Write(style_.width, style_.colour, out_);
  std::string names;
  for (const std::string& title : left_out) names += (names.empty() ? "" : ", ") + title;
  if (!names.empty()) notes.push_back("no room for " + names);
  if (notes.empty()) return;
  out_ << '\n';
  WriteParts(notes);
}

}  // namespace tymbal::report
