#include "cli/summary_ahead.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tymbal::cli {
namespace {

constexpr int64_t kStart = 1'795'341'600'000;
constexpr int64_t kPeriodMs = 60'000;
constexpr SlotRange kLower{0, kSlotsDefault / 2};
constexpr SlotRange kUpper{kSlotsDefault / 2, kSlotsDefault};

/// Two periods of 40 methods with 5 calls each; the longest of the first passes `long_us`.
worker::Aggregator Spans(uint64_t long_us = 0, uint64_t weight = 1) {
  worker::Aggregator aggregator({.grid = *PeriodGrid::Create(kPeriodMs, 0), .apdex = {}});
  std::vector<std::string> methods;
  for (int i = 0; i < 40; ++i) methods.push_back("method" + std::to_string(i));
  worker::SpanBatch batch;
  for (uint64_t i = 0; i < 400; ++i) {
    Span span;
    span.app = "app";
    span.method = methods[i % methods.size()];
    span.start_ms = kStart + (i < 200 ? kPeriodMs : 0);
    span.duration_us = i < 200 ? i : i + long_us;
    span.weight = i < 200 ? 1 : weight;
    batch.spans.push_back(span);
  }
  EXPECT_TRUE(aggregator.Add(batch).ok());
  return aggregator;
}

TEST(SummaryAhead, GivesTheSameWhateverWasForeseen) {
  worker::Aggregator direct = Spans();
  const auto expected = [&](const SummaryPart& part) {
    return direct.Summarize(part.start_ms, part.slots)->rows;
  };
  const SummaryPart first{kStart, kLower};
  const SummaryPart second{kStart, kUpper};
  const SummaryPart later{kStart + kPeriodMs, kLower};
  worker::Aggregator aggregator = Spans();
  SummaryAhead summaries(&aggregator);
  EXPECT_EQ(summaries.Take(first, second)->rows, expected(first));
  EXPECT_EQ(summaries.Take(second, later)->rows, expected(second));
  EXPECT_EQ(summaries.Take(first, std::nullopt)->rows, expected(first)) << "once more, for a retry";
  EXPECT_EQ(summaries.Take(later, first)->rows, expected(later));
  EXPECT_EQ(summaries.Take(second, first)->rows, expected(second)) << "another than was foreseen";
}

TEST(SummaryAhead, ForgetsAPeriodWhileTheNextOneIsComputed) {
  worker::Aggregator aggregator = Spans();
  const auto later_rows = aggregator.Summarize(kStart + kPeriodMs, kLower)->rows;
  SummaryAhead summaries(&aggregator);
  const SummaryPart later{kStart + kPeriodMs, kLower};
  EXPECT_FALSE(summaries.Take({kStart, kUpper}, later)->rows.empty());
  summaries.Forget(kStart);
  EXPECT_EQ(summaries.aggregator().Totals(kStart).calls, 0U);
  EXPECT_EQ(summaries.Take(later, std::nullopt)->rows, later_rows);
}

TEST(SummaryAhead, AnErrorComesWithThePartThatHasIt) {
  worker::Aggregator aggregator = Spans(kDurationMaxUs - 400, 1'000'000);
  SummaryAhead summaries(&aggregator);
  const SummaryPart bad{kStart, {0, kSlotsDefault}};
  ASSERT_TRUE(summaries.Take({kStart + kPeriodMs, {0, kSlotsDefault}}, bad));
  const auto result = summaries.Take(bad, std::nullopt);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), StatusCode::kExhausted);
}

}  // namespace
}  // namespace tymbal::cli
