#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/coverage.h"
#include "common/endpoint_stat.h"
#include "common/period.h"
#include "common/result_store.h"
#include "common/sort_key.h"
#include "common/status.h"

namespace tymbal {

/// Which rows a report wants. Names match exactly (bytes); times are half-open [from_ms, to_ms) on
/// the period's start.
struct RowFilter {
  int64_t from_ms = INT64_MIN;
  int64_t to_ms = INT64_MAX;
  std::optional<std::string> app;
  std::optional<std::string> service;
  std::optional<std::string> method;
};

struct StatQuery {
  Level level = Level::kMethod;
  RowFilter filter;
  SortKey sort = SortKey::kP99;
  size_t limit = 20;            ///< 0 = all.
  bool with_histogram = false;  ///< Also read EndpointStat::histogram.
};

struct StatReportRow {
  Period period;
  StatRow row;
};

struct SlowReportRow {
  Period period;
  EndpointName name;
  SlowCall call;
};

struct PeriodReportRow {
  Period period;
  RunId run;
  int32_t attempt = 0;
  RunState state = RunState::kOpen;
  std::string reason;
  Coverage coverage;  ///< Sum over the fragments.
  uint64_t unplaced = 0;
  uint64_t calls = 0;
  std::string source;
  int64_t published_ms = 0;
};

/// What reports read: published runs only, but for ReadPeriods (I5). Knows nothing of how the rows
/// are shown. Thread: confined to one. Calls block.
class ReportSource {
 public:
  virtual ~ReportSource() = default;

  virtual Result<std::vector<StatReportRow>> ReadStats(const StatQuery& query) = 0;
  /// Returns the slowest calls, longest first; `limit` 0 = all that are stored.
  virtual Result<std::vector<SlowReportRow>> ReadSlowCalls(const RowFilter& filter,
                                                           size_t limit) = 0;
  /// Returns for each period of the range the run that counts: the published one, else the open
  /// one, else the last failed one; oldest first.
  virtual Result<std::vector<PeriodReportRow>> ReadPeriods(int64_t from_ms, int64_t to_ms) = 0;
  /// Returns the start of the last published period, if there is one.
  virtual Result<std::optional<int64_t>> LastPublishedStart() = 0;
};

}  // namespace tymbal
