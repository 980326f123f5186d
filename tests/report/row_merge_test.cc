#include "report/row_merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "report/fake_report_source.h"

namespace tymbal::report {
namespace {

const EndpointName kCart = {"shop", "HTTP", "GET /cart"};
const EndpointName kPay = {"shop", "HTTP", "POST /pay"};

/// Method rows of periods, one for each list of durations.
std::vector<StatReportRow> RowsOf(const EndpointName& name,
                                  const std::vector<std::vector<uint64_t>>& durations_us) {
  FakeReportSource source;
  int64_t minutes = 0;
  for (const auto& of_period : durations_us) {
    source.AddPeriod(minutes);
    source.AddCalls(name, of_period, /*errors=*/1);
    minutes += 5;
  }
  StatQuery query;
  query.limit = 0;
  query.sort = SortKey::kTime;
  query.with_histogram = true;
  return *source.ReadStats(query);
}

std::vector<StatReportRow> Merged(const std::vector<StatReportRow>& rows) {
  RowMerger merger;
  for (const StatReportRow& row : rows) EXPECT_TRUE(merger.Add(row).ok());
  return *merger.Finish({1, 2});
}

/// The error of adding the rows or, at the latest, of finishing.
Status MergeError(const std::vector<StatReportRow>& rows) {
  RowMerger merger;
  for (const StatReportRow& row : rows) TYMBAL_RETURN_IF_ERROR(merger.Add(row));
  const auto merged = merger.Finish({1, 2});
  return merged.has_value() ? Status::Ok() : merged.error();
}

TEST(RowMerge, AddsCountsAndKeepsTheExtremes) {
  const auto rows = Merged(RowsOf(kCart, {{10, 20, 30}, {5, 20}, {40}}));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].period, (Period{1, 2}));
  EXPECT_EQ(rows[0].row.name, kCart);
  const EndpointStat& stat = rows[0].row.stat;
  EXPECT_EQ(stat.calls, 6u);
  EXPECT_EQ(stat.errors, 3u);
  EXPECT_EQ(stat.satisfied, 3u);
  EXPECT_EQ(stat.duration_sum_us, 125u);
  EXPECT_EQ(stat.min_us, 5u);
  EXPECT_EQ(stat.max_us, 40u);
  EXPECT_FALSE(stat.exact);
  EXPECT_EQ(stat.percentile_us[0], 20u);  // Below 256 µs a histogram is exact.
  EXPECT_EQ(stat.percentile_us[5], 40u);
  EXPECT_TRUE(stat.histogram.empty());
}

TEST(RowMerge, KeepsTheExactPercentilesOfAnEndpointThatHasOnePeriod) {
  auto rows = RowsOf(kCart, {{1'000'001, 3'000'017}});
  const auto pay = RowsOf(kPay, {{1}, {2}});
  rows.insert(rows.end(), pay.begin(), pay.end());
  const auto merged = Merged(rows);
  ASSERT_EQ(merged.size(), 2u);
  EXPECT_TRUE(merged[0].row.stat.exact);
  EXPECT_EQ(merged[0].row.stat.percentile_us[0], 1'000'001u);
  EXPECT_FALSE(merged[1].row.stat.exact);
}

TEST(RowMerge, StaysWithinHalfAPercentAndInOrder) {
  std::vector<uint64_t> all;
  std::vector<std::vector<uint64_t>> periods(7);
  uint64_t value = 12345;
  for (size_t i = 0; i < 5000; ++i) {
    value = value * 6364136223846793005ULL + 1442695040888963407ULL;
    all.push_back((value >> 33) % 90'000'000 + 1);
    periods[i % periods.size()].push_back(all.back());
  }
  std::sort(all.begin(), all.end());
  const EndpointStat stat = Merged(RowsOf(kCart, periods))[0].row.stat;
  uint64_t previous = stat.min_us;
  for (size_t i = 0; i < kPercentiles.size(); ++i) {
    const auto exact = static_cast<double>(all[NearestRank(all.size(), kPercentiles[i]) - 1]);
    EXPECT_NEAR(static_cast<double>(stat.percentile_us[i]), exact, exact * 0.005);
    EXPECT_GE(stat.percentile_us[i], previous);
    previous = stat.percentile_us[i];
  }
  EXPECT_LE(previous, stat.max_us);
}

TEST(RowMerge, KeepsPercentilesWithinMinAndMax) {
  // The middle of the bucket of 1,000,003 lies above it.
  const auto rows = Merged(RowsOf(kCart, {{1'000'003}, {1'000'003}}));
  for (const uint64_t percentile_us : rows[0].row.stat.percentile_us) {
    EXPECT_EQ(percentile_us, 1'000'003u);
  }
}

TEST(RowMerge, DoesNotDependOnTheOrderOfThePeriods) {
  auto rows = RowsOf(kCart, {{10, 2'000'000}, {30'000}, {7, 7, 7}});
  const auto forward = Merged(rows);
  std::reverse(rows.begin(), rows.end());
  EXPECT_EQ(Merged(rows)[0].row.stat, forward[0].row.stat);
}

TEST(RowMerge, MergesHistogramsHoweverMany) {
  // Those of a period are small and many at first, and each has other buckets than the last.
  std::vector<std::vector<uint64_t>> periods;
  std::vector<uint64_t> all;
  for (uint64_t i = 0; i < 2'000; ++i) {
    periods.push_back({i % 256, i * i % 256, 255});
    all.insert(all.end(), periods.back().begin(), periods.back().end());
  }
  std::sort(all.begin(), all.end());
  const EndpointStat stat = Merged(RowsOf(kCart, periods))[0].row.stat;
  EXPECT_EQ(stat.calls, all.size());
  for (size_t i = 0; i < kPercentiles.size(); ++i) {
    EXPECT_EQ(stat.percentile_us[i], all[NearestRank(all.size(), kPercentiles[i]) - 1]);
  }
}

TEST(RowMerge, RefusesSumsThatNoStoreCanHold) {
  auto rows = RowsOf(kCart, {{1}, {2}});
  rows[0].row.stat.duration_sum_us = kStoredMax - 1;
  RowMerger merger;
  ASSERT_TRUE(merger.Add(rows[0]).ok());
  const Status status = merger.Add(rows[1]);
  EXPECT_EQ(status.code(), StatusCode::kExhausted);
  EXPECT_EQ(status.message(),
            "the sums of 'shop HTTP GET /cart' over these periods are too large; choose a shorter "
            "range");
}

TEST(RowMerge, ReportsADamagedHistogramInsteadOfWrongPercentiles) {
  auto rows = RowsOf(kCart, {{1}, {2}, {3}});
  rows[1].row.stat.histogram = "\x01\xff";
  EXPECT_EQ(MergeError(rows).code(), StatusCode::kInternal);
}

TEST(RowMerge, ReportsAHistogramWithAnotherNumberOfCalls) {
  auto rows = RowsOf(kCart, {{1}, {2}});
  rows[1].row.stat.calls = 2;
  EXPECT_EQ(MergeError(rows).message(),
            "the stored histograms of 'shop HTTP GET /cart' hold 2 calls and not 3");
}

TEST(RowMerge, IgnoresARowWithoutCalls) {
  auto rows = RowsOf(kCart, {{10}, {20}});
  rows[1].row.stat = EndpointStat();
  const auto merged = Merged(rows);
  EXPECT_EQ(merged[0].row.stat.min_us, 10u);
  EXPECT_TRUE(merged[0].row.stat.exact);
}

}  // namespace
}  // namespace tymbal::report
