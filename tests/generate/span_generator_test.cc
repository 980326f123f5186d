#include "generate/span_generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace tymbal::generate {
namespace {

std::vector<GeneratedSpan> Generate(const GenerateOptions& options) {
  SpanGenerator generator(options);
  std::vector<GeneratedSpan> spans(options.spans);
  size_t made = 0;
  while (const size_t count = generator.Fill(
             std::span(spans).subspan(made).first(std::min<size_t>(1000, spans.size() - made)))) {
    made += count;
  }
  EXPECT_EQ(made, options.spans);
  return spans;
}

bool Same(const GeneratedSpan& a, const GeneratedSpan& b) {
  return a.start_ms == b.start_ms && a.duration_us == b.duration_us &&
         a.trace_id_high == b.trace_id_high && a.trace_id_low == b.trace_id_low &&
         a.span_id == b.span_id && a.endpoint == b.endpoint && a.kind == b.kind &&
         a.error == b.error;
}

double ErrorShare(const std::vector<GeneratedSpan>& spans) {
  const auto errors =
      std::count_if(spans.begin(), spans.end(), [](const auto& s) { return s.error; });
  return static_cast<double>(errors) / static_cast<double>(spans.size());
}

TEST(SpanGenerator, EndsAfterTheSpansThatWereAskedFor) {
  SpanGenerator generator({.spans = 5});
  std::vector<GeneratedSpan> batch(4);
  EXPECT_EQ(generator.Fill(batch), 4U);
  EXPECT_EQ(generator.Fill(batch), 1U);
  EXPECT_EQ(generator.Fill(batch), 0U);
}

TEST(SpanGenerator, SeedDecidesTheSpans) {
  const auto a = Generate({.spans = 5000, .seed = 8});
  const auto b = Generate({.spans = 5000, .seed = 8});
  const auto c = Generate({.spans = 5000, .seed = 9});
  EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), Same));
  EXPECT_FALSE(std::equal(a.begin(), a.end(), c.begin(), Same));
}

TEST(SpanGenerator, EveryEndpointOccursAndNoOther) {
  std::set<uint32_t> endpoints;
  for (const GeneratedSpan& span : Generate({.spans = 100'000, .endpoints = 50})) {
    endpoints.insert(span.endpoint);
  }
  EXPECT_EQ(endpoints.size(), 50U);
  EXPECT_EQ(*endpoints.rbegin(), 49U);
}

TEST(SpanGenerator, PopularityFollowsZipf) {
  // Among 100 ranks with exponent 1 the first has 1 / H(100) = 19.3 % of the calls.
  std::vector<double> calls(100);
  for (const auto& span : Generate({.spans = 200'000, .endpoints = 100, .zipf = 1})) {
    ++calls[span.endpoint];
  }
  EXPECT_NEAR(calls[0] / 200'000, 0.1928, 0.005);
  EXPECT_NEAR(calls[0] / calls[9], 10, 0.6);
  EXPECT_NEAR(calls[0] / calls[1], 2, 0.1);
}

TEST(SpanGenerator, ErrorsHaveTheShareThatWasAskedFor) {
  for (const double share : {0.0, 0.005, 0.2, 0.9, 1.0}) {
    const auto spans = Generate({.spans = 200'000, .endpoints = 1000, .errors = share});
    EXPECT_NEAR(ErrorShare(spans), share, share == 0 || share == 1 ? 0 : 0.003) << share;
  }
}

TEST(SpanGenerator, EndpointsDifferInErrorsAndFailuresInDuration) {
  const auto spans = Generate({.spans = 300'000, .endpoints = 20, .zipf = 0, .errors = 0.05});
  std::vector<double> errors(20);
  size_t fast = 0;
  size_t timed_out = 0;
  for (const GeneratedSpan& span : spans) {
    if (!span.error) continue;
    ++errors[span.endpoint];
    if (span.duration_us < 500) ++fast;
    if (span.duration_us >= 1'000'000) ++timed_out;
  }
  const auto [least, most] = std::minmax_element(errors.begin(), errors.end());
  EXPECT_GT(*most, 5 * *least);
  EXPECT_GT(fast, 300U);
  EXPECT_GT(timed_out, 300U);
}

TEST(SpanGenerator, DurationsArePositiveAndHaveAHeavyTail) {
  const auto spans = Generate({.spans = 300'000, .endpoints = 500});
  std::vector<uint64_t> durations_us;
  for (const GeneratedSpan& span : spans) durations_us.push_back(span.duration_us);
  std::sort(durations_us.begin(), durations_us.end());
  EXPECT_GT(durations_us.front(), 0U);
  EXPECT_LE(durations_us.back(), 600'000'000U);
  EXPECT_GT(durations_us.back(), 30'000'000U);
  const uint64_t median_us = durations_us[durations_us.size() / 2];
  const uint64_t p999_us = durations_us[durations_us.size() / 1000 * 999];
  EXPECT_GT(median_us, 200U);
  EXPECT_LT(median_us, 2'000'000U);
  EXPECT_GT(p999_us, 100 * median_us);
}

TEST(SpanGenerator, StartsLieInTheRange) {
  for (const SpanOrder order : {SpanOrder::kTime, SpanOrder::kRandom}) {
    for (const auto& [spans, duration_ms] : std::vector<std::pair<uint64_t, int64_t>>{
             {1, 1}, {5000, 1}, {5000, 7}, {3, 3'600'000}, {5000, 3'600'000}, {7777, 5000}}) {
      const GenerateOptions options = {.spans = spans, .duration_ms = duration_ms, .order = order};
      for (const GeneratedSpan& span : Generate(options)) {
        ASSERT_GE(span.start_ms, options.from_ms);
        ASSERT_LT(span.start_ms, options.from_ms + duration_ms);
      }
    }
  }
}

TEST(SpanGenerator, OrderOfTimeIsNearlyKept) {
  const auto spans = Generate({.spans = 100'000});
  int64_t latest_ms = 0;
  size_t backwards = 0;
  for (const GeneratedSpan& span : spans) {
    if (span.start_ms < latest_ms) ++backwards;
    EXPECT_GT(span.start_ms, latest_ms - 31'000);
    latest_ms = std::max(latest_ms, span.start_ms);
  }
  EXPECT_GT(backwards, 0U);
  EXPECT_GT(spans.back().start_ms - spans.front().start_ms, 3'500'000);
}

TEST(SpanGenerator, ATraceHasSeveralSpansThatAreNotFarApart) {
  std::set<std::pair<uint64_t, uint64_t>> traces;
  std::set<uint64_t> span_ids;
  for (const GeneratedSpan& span : Generate({.spans = 100'000})) {
    traces.emplace(span.trace_id_high, span.trace_id_low);
    span_ids.insert(span.span_id);
  }
  EXPECT_NEAR(100'000.0 / static_cast<double>(traces.size()), 4, 0.3);
  EXPECT_EQ(span_ids.size(), 100'000U);
}

TEST(SpanGenerator, BrokenRecordsLeaveTheOthersAsTheyAre) {
  const auto good = Generate({.spans = 50'000});
  const auto mixed = Generate({.spans = 50'000, .bad = 0.1});
  EXPECT_TRUE(std::equal(good.begin(), good.end(), mixed.begin(), Same));
  std::vector<double> defects(kDefects + 1);
  for (const GeneratedSpan& span : mixed) ++defects[static_cast<size_t>(span.defect)];
  EXPECT_NEAR(defects[0] / 50'000, 0.9, 0.01);
  for (size_t i = 1; i < defects.size(); ++i) EXPECT_NEAR(defects[i], 5000.0 / kDefects, 90) << i;
}

}  // namespace
}  // namespace tymbal::generate
