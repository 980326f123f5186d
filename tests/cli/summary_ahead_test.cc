#include "cli/summary_ahead.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

namespace tymbal::cli {
namespace {

constexpr int64_t kStart = 1'795'341'600'000;
constexpr int64_t kPeriodMs = 60'000;
constexpr SlotRange kLower{0, kSlotsDefault / 2};
constexpr SlotRange kUpper{kSlotsDefault / 2, kSlotsDefault};

/// Two periods of 40 methods with 1 to 9 calls each, some with ids; the longest of the first passes
/// `long_us`.
worker::Aggregator Spans(uint64_t long_us = 0, uint64_t weight = 1) {
  worker::Aggregator aggregator({.grid = *PeriodGrid::Create(kPeriodMs, 0), .apdex = {}});
  std::vector<std::string> methods;
  for (int i = 0; i < 40; ++i) methods.push_back("method" + std::to_string(i));
  worker::SpanBatch batch;
  for (uint64_t i = 0; i < 400; ++i) {
    Span span;
    span.app = "app";
    span.method = methods[i % (i % 3 == 0 ? methods.size() : 23)];
    if (i % 2 == 0) span.trace_id = "463ac35c9f6413ad48485a3953bb6124";
    span.start_ms = kStart + (i < 200 ? kPeriodMs : 0);
    span.duration_us = i < 200 ? i : i + long_us;
    span.weight = i < 200 ? 1 : weight;
    batch.spans.push_back(span);
  }
  EXPECT_TRUE(aggregator.Add(batch).ok());
  return aggregator;
}

/// Feeds a part in pieces. Returns all of its rows; none after an error.
std::vector<StatRow> RowsOf(const PartSummary& summary, size_t* pieces = nullptr) {
  std::vector<StatRow> rows;
  size_t count = 0;
  const Status status = summary.rows.Visit([&](std::span<const StatRow> some) {
    ++count;
    rows.insert(rows.end(), some.begin(), some.end());
    return Status::Ok();
  });
  EXPECT_TRUE(status.ok()) << status.message();
  if (pieces != nullptr) *pieces = count;
  return rows;
}

class SummaryAheadBy : public ::testing::TestWithParam<size_t> {};

TEST_P(SummaryAheadBy, GivesTheSameWhateverWasForeseen) {
  worker::Aggregator direct = Spans();
  const auto expected = [&](const SummaryPart& part) {
    return direct.Summarize(part.start_ms, part.slots)->rows;
  };
  const SummaryPart first{kStart, kLower};
  const SummaryPart second{kStart, kUpper};
  const SummaryPart later{kStart + kPeriodMs, kLower};
  worker::Aggregator aggregator = Spans();
  SummaryAhead summaries(&aggregator, GetParam());
  EXPECT_EQ(RowsOf(summaries.Take(first, second)), expected(first));
  EXPECT_EQ(RowsOf(summaries.Take(second, later)), expected(second));
  EXPECT_EQ(RowsOf(summaries.Take(first, std::nullopt)), expected(first)) << "for a retry";
  EXPECT_EQ(RowsOf(summaries.Take(later, first)), expected(later));
  EXPECT_EQ(RowsOf(summaries.Take(second, first)), expected(second)) << "not what was foreseen";
}

/// One row, several, all but one, all of them at a time.
INSTANTIATE_TEST_SUITE_P(Rows, SummaryAheadBy, ::testing::Values(1, 7, 39, 1'000));

TEST(SummaryAhead, FeedsSomeRowsAtATimeAndAllOfThemAgain) {
  worker::Aggregator aggregator = Spans();
  const auto expected = aggregator.Summarize(kStart, {0, kSlotsDefault});
  SummaryAhead summaries(&aggregator, 7);
  const PartSummary summary = summaries.Take({kStart, {0, kSlotsDefault}}, std::nullopt);
  EXPECT_EQ(summary.coverage, expected->coverage);
  size_t pieces = 0;
  EXPECT_EQ(RowsOf(summary, &pieces), expected->rows);
  EXPECT_EQ(pieces, 6) << "of 40 rows";

  // A transaction that failed in the middle is tried again.
  size_t taken = 0;
  const Status stopped = summary.rows.Visit([&](std::span<const StatRow>) {
    return ++taken < 3 ? Status::Ok() : Unavailable("the connection is gone");
  });
  EXPECT_EQ(stopped.code(), StatusCode::kUnavailable);
  EXPECT_EQ(taken, 3);
  EXPECT_EQ(RowsOf(summary), expected->rows);
}

TEST(SummaryAhead, ForgetsAPeriodWhileTheNextOneIsComputed) {
  worker::Aggregator aggregator = Spans();
  const auto later_rows = aggregator.Summarize(kStart + kPeriodMs, kLower)->rows;
  SummaryAhead summaries(&aggregator);
  const SummaryPart later{kStart + kPeriodMs, kLower};
  EXPECT_FALSE(RowsOf(summaries.Take({kStart, kUpper}, later)).empty());
  summaries.Forget(kStart);
  EXPECT_EQ(summaries.aggregator().Totals(kStart).calls, 0U);
  EXPECT_EQ(RowsOf(summaries.Take(later, std::nullopt)), later_rows);
}

TEST(SummaryAhead, AnErrorComesWithThePartThatHasIt) {
  worker::Aggregator aggregator = Spans(kDurationMaxUs - 400, 1'000'000);
  SummaryAhead summaries(&aggregator);
  const SummaryPart bad{kStart, {0, kSlotsDefault}};
  EXPECT_FALSE(RowsOf(summaries.Take({kStart + kPeriodMs, {0, kSlotsDefault}}, bad)).empty());
  const Status status =
      summaries.Take(bad, std::nullopt).rows.Visit([](auto) { return Status::Ok(); });
  EXPECT_EQ(status.code(), StatusCode::kExhausted);
}

}  // namespace
}  // namespace tymbal::cli
