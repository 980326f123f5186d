#include "report/timeline.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "report/fake_report_source.h"

namespace tymbal::report {
namespace {

/// "published@0 missing(3)@5-20": minutes after ten o'clock.
std::string Shown(const std::vector<TimelineEntry>& timeline) {
  const auto minutes = [](int64_t time_ms) {
    return std::to_string((time_ms - kTenMs) / kMinuteMs);
  };
  std::string text;
  for (const TimelineEntry& entry : timeline) {
    if (!text.empty()) text += " ";
    if (entry.IsGap()) {
      text += "missing(" + std::to_string(entry.missing) + ")@" + minutes(entry.period.start_ms) +
              "-" + minutes(entry.period.end_ms);
    } else {
      text += std::string(RunStateName(entry.row.state)) + "@" + minutes(entry.period.start_ms);
    }
  }
  return text;
}

std::vector<PeriodReportRow> Periods(const std::vector<std::pair<int64_t, RunState>>& periods) {
  FakeReportSource source;
  for (const auto& [minutes, state] : periods) source.AddPeriod(minutes, state);
  return source.periods;
}

std::string Timeline(const std::vector<PeriodReportRow>& rows, int64_t from_minutes,
                     int64_t to_minutes) {
  return Shown(
      BuildTimeline(rows, kTenMs + from_minutes * kMinuteMs, kTenMs + to_minutes * kMinuteMs));
}

constexpr RunState kPublished = RunState::kPublished;

TEST(Timeline, ShowsConsecutiveMissingPeriodsAsOneEntry) {
  const auto rows = Periods({{0, kPublished}, {20, RunState::kFailed}, {25, RunState::kOpen}});
  EXPECT_EQ(Shown(BuildTimeline(rows, INT64_MIN, INT64_MAX)),
            "published@0 missing(3)@5-20 failed@20 open@25");
}

TEST(Timeline, InventsNothingBeforeTheFirstAndAfterTheLastPeriod) {
  EXPECT_EQ(Timeline(Periods({{0, kPublished}}), -100, 100), "published@0");
  EXPECT_EQ(Timeline({}, -100, 100), "");
}

TEST(Timeline, CutsAGapAtTheEdgesOfTheRange) {
  const auto rows = Periods({{0, kPublished}, {60, kPublished}});
  EXPECT_EQ(Timeline(rows, 10, 30), "missing(4)@10-30");
  EXPECT_EQ(Timeline(rows, 11, 26), "missing(3)@15-30");  // Those that start there.
  EXPECT_EQ(Timeline(rows, 11, 14), "");
  EXPECT_EQ(Timeline(rows, 0, 5), "published@0");
  EXPECT_EQ(Timeline(rows, 55, 61), "missing(1)@55-60 published@60");
}

TEST(Timeline, CountsAGapInTheLengthOfThePeriodBeforeIt) {
  auto rows = Periods({{0, kPublished}, {60, kPublished}, {180, kPublished}});
  rows[1].period.end_ms = rows[1].period.start_ms + 60 * kMinuteMs;
  EXPECT_EQ(Shown(BuildTimeline(rows, INT64_MIN, INT64_MAX)),
            "published@0 missing(11)@5-60 published@60 missing(1)@120-180 published@180");
}

TEST(Timeline, SeesNoGapWhereAFailedRunOverlaps) {
  auto rows = Periods({{0, RunState::kFailed}, {5, kPublished}, {30, kPublished}});
  rows[0].period.end_ms = rows[2].period.start_ms;
  EXPECT_EQ(Shown(BuildTimeline(rows, INT64_MIN, INT64_MAX)), "failed@0 published@5 published@30");
}

TEST(Timeline, CountsEachMissingPeriod) {
  const auto rows = Periods({{0, kPublished}, {20, RunState::kFailed}, {25, RunState::kOpen}});
  const PeriodCounts counts = CountPeriods(BuildTimeline(rows, INT64_MIN, INT64_MAX));
  EXPECT_EQ(counts, (PeriodCounts{.published = 1, .open = 1, .failed = 1, .missing = 3}));
  EXPECT_EQ(counts.Total(), 6u);
}

TEST(Timeline, EndsTheWatermarkAtTheFirstPeriodThatIsNotPublished) {
  const auto watermark = [](const std::vector<std::pair<int64_t, RunState>>& periods) {
    return FindWatermark(BuildTimeline(Periods(periods), INT64_MIN, INT64_MAX));
  };
  const Watermark whole = watermark({{0, kPublished}, {5, kPublished}});
  EXPECT_EQ(whole.time_ms, kTenMs + 10 * kMinuteMs);
  EXPECT_FALSE(whole.next.has_value());

  const Watermark gap = watermark({{0, kPublished}, {10, kPublished}});
  EXPECT_EQ(gap.time_ms, kTenMs + 5 * kMinuteMs);
  ASSERT_TRUE(gap.next.has_value());
  EXPECT_TRUE(gap.next->IsGap());

  const Watermark none = watermark({{0, RunState::kFailed}, {5, kPublished}});
  EXPECT_FALSE(none.time_ms.has_value());
  ASSERT_TRUE(none.next.has_value());
  EXPECT_EQ(none.next->row.state, RunState::kFailed);

  EXPECT_FALSE(watermark({}).time_ms.has_value());
}

}  // namespace
}  // namespace tymbal::report
