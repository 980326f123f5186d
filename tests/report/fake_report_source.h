#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/histogram.h"
#include "common/report_source.h"
#include "report/row_order.h"

namespace tymbal::report {

inline constexpr int64_t kMinuteMs = 60'000;
inline constexpr int64_t kFiveMinutesMs = 5 * kMinuteMs;
/// 2026-11-22T10:00:00Z.
inline constexpr int64_t kTenMs = 1'795'341'600'000;

/// A ReportSource over rows that a test puts in.
class FakeReportSource : public ReportSource {
 public:
  Result<std::vector<StatReportRow>> ReadStats(const StatQuery& query) override {
    if (!error.ok()) return error;
    std::vector<StatReportRow> rows;
    for (StatReportRow row : stats) {
      if (row.row.level != query.level || !Matches(query.filter, row.period, row.row.name))
        continue;
      if (!query.with_histogram) row.row.stat.histogram.clear();
      rows.push_back(std::move(row));
    }
    SortRows(query.sort, &rows);
    if (query.limit > 0 && rows.size() > query.limit) rows.resize(query.limit);
    if (after_read_stats) after_read_stats();
    return rows;
  }

  Result<std::vector<SlowReportRow>> ReadSlowCalls(const RowFilter& filter, size_t limit) override {
    if (!error.ok()) return error;
    std::vector<SlowReportRow> rows;
    for (const SlowReportRow& row : slow) {
      if (Matches(filter, row.period, row.name)) rows.push_back(row);
    }
    std::sort(rows.begin(), rows.end(), [](const SlowReportRow& a, const SlowReportRow& b) {
      return Slower(a.call, b.call);
    });
    if (limit > 0 && rows.size() > limit) rows.resize(limit);
    return rows;
  }

  Result<std::vector<PeriodReportRow>> ReadPeriods(int64_t from_ms, int64_t to_ms) override {
    if (!error.ok()) return error;
    std::vector<PeriodReportRow> rows;
    for (const PeriodReportRow& row : periods) {
      if (row.period.start_ms >= from_ms && row.period.start_ms < to_ms) rows.push_back(row);
    }
    return rows;
  }

  Result<std::optional<int64_t>> LastPublishedStart() override {
    if (!error.ok()) return error;
    std::optional<int64_t> last;
    for (const PeriodReportRow& row : periods) {
      if (row.state == RunState::kPublished) last = row.period.start_ms;
    }
    return last;
  }

  /// Adds a period of five minutes that starts `minutes` after ten o'clock, and returns it.
  PeriodReportRow& AddPeriod(int64_t minutes, RunState state = RunState::kPublished) {
    PeriodReportRow row;
    row.period.start_ms = kTenMs + minutes * kMinuteMs;
    row.period.end_ms = row.period.start_ms + kFiveMinutesMs;
    row.run = RunId{static_cast<int64_t>(periods.size()) + 1};
    row.attempt = 1;
    row.state = state;
    row.source = "spans.ndjson";
    if (state == RunState::kPublished) row.published_ms = row.period.end_ms + 60'250;
    return periods.emplace_back(std::move(row));
  }

  /// Adds the rows of all three levels for an endpoint that had these durations, in the last
  /// period.
  void AddCalls(const EndpointName& name, std::vector<uint64_t> durations_us, uint64_t errors = 0) {
    std::sort(durations_us.begin(), durations_us.end());
    EndpointStat stat;
    Histogram histogram;
    stat.calls = durations_us.size();
    stat.errors = errors;
    stat.satisfied = stat.calls - errors;
    stat.min_us = durations_us.front();
    stat.max_us = durations_us.back();
    for (const uint64_t duration_us : durations_us) {
      stat.duration_sum_us += duration_us;
      histogram.Add(duration_us);
    }
    for (size_t i = 0; i < kPercentiles.size(); ++i) {
      stat.percentile_us[i] = durations_us[NearestRank(stat.calls, kPercentiles[i]) - 1];
    }
    stat.histogram = histogram.Encode();
    periods.back().calls += stat.calls;
    periods.back().coverage.read += stat.calls;
    periods.back().coverage.expected += stat.calls;
    AddStat(Level::kMethod, name, stat);
    AddStat(Level::kService, {name.app, name.service, ""}, stat);
    AddStat(Level::kApp, {name.app, "", ""}, stat);
  }

  void AddStat(Level level, const EndpointName& name, const EndpointStat& stat) {
    StatReportRow row;
    row.period = periods.back().period;
    row.row.endpoint_id = EndpointId(level, name);
    row.row.level = level;
    row.row.name = name;
    row.row.stat = stat;
    stats.push_back(std::move(row));
  }

  void AddSlowCall(const EndpointName& name, const SlowCall& call) {
    slow.push_back({periods.back().period, name, call});
  }

  std::vector<PeriodReportRow> periods;  ///< Oldest first.
  std::vector<StatReportRow> stats;
  std::vector<SlowReportRow> slow;
  Status error;  ///< All calls fail with it, if it isn't ok.
  std::function<void()> after_read_stats;

 private:
  static bool Matches(const RowFilter& filter, const Period& period, const EndpointName& name) {
    return period.start_ms >= filter.from_ms && period.start_ms < filter.to_ms &&
           (!filter.app || *filter.app == name.app) &&
           (!filter.service || *filter.service == name.service) &&
           (!filter.method || *filter.method == name.method);
  }
};

}  // namespace tymbal::report
