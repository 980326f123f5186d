#include "report/records.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "report/number_format.h"

namespace tymbal::report {
namespace {

/// "p50_us" to "p999_us".
constexpr std::array<std::string_view, kPercentiles.size()> kPercentileColumns = {
    "p50_us", "p75_us", "p90_us", "p95_us", "p99_us", "p999_us"};

/// "rejected_missing_app" and so on, in the order of RejectReason.
const std::array<std::string, kRejectReasons>& RejectedColumns() {
  static const std::array<std::string, kRejectReasons> kColumns = [] {
    std::array<std::string, kRejectReasons> columns;
    for (size_t i = 0; i < kRejectReasons; ++i) {
      columns[i] = "rejected_" + std::string(RejectReasonName(static_cast<RejectReason>(i)));
    }
    return columns;
  }();
  return kColumns;
}

template <typename T>
void Append(const T& more, std::vector<std::string_view>* columns) {
  for (const auto& name : more) columns->push_back(name);
}

void WriteRun(std::optional<RunId> run, RecordWriter& writer) {
  if (run) {
    writer.Count(static_cast<uint64_t>(run->value));
  } else {
    writer.None();
  }
}

void WriteNames(Level level, const EndpointName& name, RecordWriter& writer) {
  writer.Text(name.app);
  if (level != Level::kApp) writer.Text(name.service);
  if (level == Level::kMethod) writer.Text(name.method);
}

void WriteStat(const EndpointStat& stat, RecordWriter& writer) {
  writer.Count(stat.calls);
  writer.Count(stat.errors);
  writer.Real(ErrorRate(stat));
  writer.Real(Apdex(stat));
  writer.Count(stat.satisfied);
  writer.Count(stat.tolerating);
  writer.Count(stat.duration_sum_us);
  writer.Real(MeanUs(stat));
  writer.Count(stat.min_us);
  for (const uint64_t percentile_us : stat.percentile_us) writer.Count(percentile_us);
  writer.Count(stat.max_us);
  writer.Flag(stat.exact);
}

/// A missing period has no numbers: empty, not 0 (I6).
void WriteGap(const TimelineEntry& gap, RecordWriter& writer) {
  writer.Time(gap.period.start_ms);
  writer.Time(gap.period.end_ms);
  writer.Text("missing");
  constexpr size_t kNumbers = 6 + kRejectReasons;  // attempt to calls, and the reasons.
  constexpr size_t kTexts = 4;                     // source to published_at.
  for (size_t i = 0; i < kNumbers + kTexts; ++i) writer.None();
  writer.Count(gap.missing);
}

void WritePeriod(const PeriodReportRow& row, RecordWriter& writer) {
  writer.Time(row.period.start_ms);
  writer.Time(row.period.end_ms);
  writer.Text(RunStateName(row.state));
  writer.Count(static_cast<uint64_t>(std::max(row.attempt, 0)));
  writer.Count(row.coverage.expected);
  writer.Count(row.coverage.read);
  writer.Count(row.coverage.rejected.Total());
  writer.Count(row.unplaced);
  if (row.state == RunState::kPublished) {
    writer.Count(row.calls);
  } else {
    writer.None();  // Not known yet, which isn't 0 (I6).
  }
  for (const uint64_t count : row.coverage.rejected.by_reason) writer.Count(count);
  writer.Text(row.source);
  writer.Text(row.reason);
  WriteRun(row.run, writer);
  if (row.published_ms != 0) {
    writer.Time(row.published_ms);
  } else {
    writer.None();
  }
  writer.Count(1);
}

}  // namespace

void WriteRecords(const StatReport& report, RecordWriter& writer) {
  const Level level = report.request.level;
  std::vector<std::string_view> columns = {"period_start", "app"};
  if (level != Level::kApp) columns.push_back("service");
  if (level == Level::kMethod) columns.push_back("method");
  Append(std::array<std::string_view, 9>{"calls", "errors", "error_rate", "apdex", "satisfied",
                                         "tolerating", "duration_sum_us", "mean_us", "min_us"},
         &columns);
  Append(kPercentileColumns, &columns);
  Append(std::array<std::string_view, 3>{"max_us", "exact", "run_id"}, &columns);
  writer.Begin(columns);
  for (const StatReportRow& row : report.rows) {
    writer.BeginRecord();
    writer.Time(row.period.start_ms);
    WriteNames(level, row.row.name, writer);
    WriteStat(row.row.stat, writer);
    WriteRun(report.RunOf(row), writer);
  }
  writer.Finish();
}

void WriteRecords(const SlowReport& report, RecordWriter& writer) {
  writer.Begin({"period_start", "app", "service", "method", "duration_us", "start_time", "error",
                "trace_id", "span_id"});
  for (const SlowReportRow& row : report.rows) {
    writer.BeginRecord();
    writer.Time(row.period.start_ms);
    WriteNames(Level::kMethod, row.name, writer);
    writer.Count(row.call.duration_us);
    writer.Time(row.call.start_ms);
    writer.Flag(row.call.error);
    writer.Text(row.call.trace_id);
    writer.Text(row.call.span_id);
  }
  writer.Finish();
}

void WriteRecords(const PeriodsReport& report, RecordWriter& writer) {
  std::vector<std::string_view> columns = {"period_start",   "period_end",     "state",
                                           "attempt",        "spans_expected", "spans_read",
                                           "spans_rejected", "unplaced",       "calls"};
  Append(RejectedColumns(), &columns);
  Append(std::array<std::string_view, 5>{"source", "reason", "run_id", "published_at", "periods"},
         &columns);
  writer.Begin(columns);
  for (size_t i = report.hidden; i < report.scope.timeline.size(); ++i) {
    const TimelineEntry& entry = report.scope.timeline[i];
    writer.BeginRecord();
    if (entry.IsGap()) {
      WriteGap(entry, writer);
    } else {
      WritePeriod(entry.row, writer);
    }
  }
  writer.Finish();
}

}  // namespace tymbal::report
