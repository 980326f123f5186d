#include "worker/aggregator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>

namespace tymbal::worker {
namespace {

constexpr int64_t kStart = 1'795'341'600'000;

AggregatorOptions Options() { return {.grid = *PeriodGrid::Create(60'000, 0), .apdex = {}}; }

/// A span that owns its texts.
struct OwnedSpan {
  std::string app, service, method, trace_id, span_id;
  int64_t start_ms;
  uint64_t duration_us;
  bool error;
  Span View() const {
    return {app, service, method, trace_id, span_id, start_ms, duration_us, 1, error};
  }
};

std::vector<OwnedSpan> RandomSpans(uint64_t seed, size_t count) {
  std::mt19937_64 random(seed);
  std::vector<OwnedSpan> spans;
  for (size_t i = 0; i < count; ++i) {
    const auto pick = [&](uint64_t n) { return std::to_string(random() % n); };
    spans.push_back({"app" + pick(3), random() % 3 ? "service" + pick(4) : "", "method" + pick(20),
                     pick(1000), pick(1000), kStart + static_cast<int64_t>(random() % 180'000),
                     random() % 50 == 0 ? uint64_t{1} << (20 + random() % 20) : random() % 2000,
                     random() % 10 == 0});
  }
  return spans;
}

SpanBatch BatchOf(const std::vector<OwnedSpan>& spans) {
  SpanBatch batch;
  for (const OwnedSpan& span : spans) batch.spans.push_back(span.View());
  return batch;
}

std::vector<StatRow> AllRows(Aggregator* aggregator) {
  std::vector<StatRow> rows;
  for (const int64_t start_ms : aggregator->PeriodStarts()) {
    auto result = aggregator->Summarize(start_ms, {0, kSlotsDefault});
    EXPECT_TRUE(result);
    std::move(result->rows.begin(), result->rows.end(), std::back_inserter(rows));
  }
  return rows;
}

std::vector<std::string> Fingerprints(const Aggregator& aggregator) {
  std::vector<std::string> fingerprints;
  for (const int64_t start_ms : aggregator.PeriodStarts()) {
    fingerprints.push_back(aggregator.Fingerprint(start_ms));
  }
  return fingerprints;
}

TEST(Aggregator, CountsEverySpanOnceInItsPeriodAndEndpointI1) {
  const auto spans = RandomSpans(1, 20'000);
  Aggregator aggregator(Options());
  ASSERT_TRUE(aggregator.Add(BatchOf(spans)).ok());
  std::map<std::tuple<int64_t, std::string, std::string, std::string>, std::vector<uint64_t>>
      expected;
  for (const OwnedSpan& s : spans) {
    expected[{s.start_ms / 60'000 * 60'000, s.app, s.service, s.method}].push_back(s.duration_us);
  }
  size_t rows = 0;
  for (const int64_t start_ms : aggregator.PeriodStarts()) {
    const auto result = aggregator.Summarize(start_ms, {0, kSlotsDefault});
    ASSERT_TRUE(result);
    uint64_t calls = 0;
    for (const StatRow& row : result->rows) {
      auto& durations = expected.at({start_ms, row.name.app, row.name.service, row.name.method});
      std::sort(durations.begin(), durations.end());
      EXPECT_EQ(row.stat.calls, durations.size());
      EXPECT_EQ(row.stat.max_us, durations.back());
      EXPECT_EQ(row.stat.percentile_us[4], durations[NearestRank(durations.size(), 990) - 1]);
      EXPECT_TRUE(row.stat.exact);
      calls += row.stat.calls;
    }
    EXPECT_EQ(result->coverage.read, calls);
    EXPECT_EQ(aggregator.Totals(start_ms).calls, calls);
    rows += result->rows.size();
  }
  EXPECT_EQ(rows, expected.size());
}

TEST(Aggregator, OrderAndDivisionMakeNoDifference) {
  auto spans = RandomSpans(2, 5'000);
  Aggregator whole(Options());
  ASSERT_TRUE(whole.Add(BatchOf(spans)).ok());
  std::mt19937_64 random(3);
  std::shuffle(spans.begin(), spans.end(), random);
  Aggregator first(Options());
  Aggregator second(Options());
  for (const OwnedSpan& span : spans) {
    ASSERT_TRUE((random() % 2 ? first : second).Add(BatchOf({span})).ok());
  }
  ASSERT_TRUE(first.Merge(std::move(second)).ok());
  EXPECT_EQ(Fingerprints(first), Fingerprints(whole));
  EXPECT_EQ(AllRows(&first), AllRows(&whole));
}

TEST(Aggregator, FragmentsTogetherAreTheWholeI2) {
  Aggregator aggregator(Options());
  SpanBatch batch = BatchOf({});
  const auto spans = RandomSpans(4, 5'000);
  batch = BatchOf(spans);
  batch.rejected.push_back({RejectReason::kMissingApp, kStart});
  ASSERT_TRUE(aggregator.Add(batch).ok());
  const auto whole = aggregator.Summarize(kStart, {0, kSlotsDefault});
  std::vector<StatRow> rows;
  Coverage coverage;
  for (uint32_t from = 0; from < kSlotsDefault; from += 128) {
    auto part = aggregator.Summarize(kStart, {from, from + 128});
    ASSERT_TRUE(part);
    coverage.Merge(part->coverage);
    std::move(part->rows.begin(), part->rows.end(), std::back_inserter(rows));
  }
  std::sort(rows.begin(), rows.end(),
            [](const StatRow& a, const StatRow& b) { return a.endpoint_id < b.endpoint_id; });
  EXPECT_EQ(rows, whole->rows);
  EXPECT_EQ(coverage, whole->coverage);
  EXPECT_EQ(coverage, aggregator.PeriodCoverage(kStart));
}

TEST(Aggregator, ForeignSlotsAreDropped) {
  const auto spans = RandomSpans(5, 3'000);
  uint64_t counted = 0;
  for (const SlotSet& set :
       {SlotSet({{0, 300}, {310, 311}, {1000, 1024}}), SlotSet({{300, 310}, {311, 1000}})}) {
    AggregatorOptions options = Options();
    options.slots = set;
    Aggregator aggregator(options);
    ASSERT_TRUE(aggregator.Add(BatchOf(spans)).ok());
    for (const StatRow& row : AllRows(&aggregator)) {
      EXPECT_TRUE(
          set.Contains(SlotOf(row.name.app, row.name.service, row.name.method, kSlotsDefault)));
      counted += row.stat.calls;
    }
  }
  EXPECT_EQ(counted, spans.size());
}

TEST(Aggregator, TheFingerprintSeesEveryChange) {
  const auto spans = RandomSpans(6, 100);
  Aggregator original(Options());
  ASSERT_TRUE(original.Add(BatchOf(spans)).ok());
  const auto changed = [&](auto change) {
    auto copy = spans;
    change(copy[50]);
    Aggregator aggregator(Options());
    EXPECT_TRUE(aggregator.Add(BatchOf(copy)).ok());
    return Fingerprints(aggregator) != Fingerprints(original);
  };
  EXPECT_TRUE(changed([](OwnedSpan& s) { ++s.duration_us; }));
  EXPECT_TRUE(changed([](OwnedSpan& s) { s.error = !s.error; }));
  EXPECT_TRUE(changed([](OwnedSpan& s) { s.method += " "; }));
  EXPECT_TRUE(changed([](OwnedSpan& s) { s.trace_id += "0"; }));
  EXPECT_TRUE(changed([](OwnedSpan& s) { s.start_ms ^= 1; }));
  auto twice = spans;
  twice.push_back(spans[0]);
  Aggregator aggregator(Options());
  ASSERT_TRUE(aggregator.Add(BatchOf(twice)).ok());
  EXPECT_NE(Fingerprints(aggregator), Fingerprints(original));
}

TEST(Aggregator, TheFingerprintNeverChangesFromVersionToVersion) {
  Aggregator aggregator(Options());
  const OwnedSpan span{"app", "service", "method", "trace", "span", kStart, 1234, true};
  ASSERT_TRUE(aggregator.Add(BatchOf({span})).ok());
  EXPECT_EQ(aggregator.Fingerprint(kStart), "1:0f963f06f5042c68:1:0000000000000000");
}

TEST(Aggregator, CountsRecordsWithoutAPeriodWhicheverSlotTheirNamesHave) {
  AggregatorOptions options = Options();
  options.slots = SlotRange{0, 1};
  Aggregator aggregator(options);
  SpanBatch batch;
  batch.rejected = {{RejectReason::kMissingStart, std::nullopt, 7},
                    {RejectReason::kDurationNegative, kStart, 7}};
  ASSERT_TRUE(aggregator.Add(batch).ok());
  EXPECT_EQ(aggregator.unplaced()[RejectReason::kMissingStart], 1U);
  EXPECT_TRUE(aggregator.PeriodStarts().empty());
}

TEST(Aggregator, RejectedRecordsBelongToTheCoverageOfTheirPeriodOrToNone) {
  Aggregator aggregator(Options());
  SpanBatch batch;
  batch.rejected = {{RejectReason::kDurationNegative, kStart + 5},
                    {RejectReason::kMalformed, std::nullopt}};
  batch.filtered = 7;
  ASSERT_TRUE(aggregator.Add(batch).ok());
  EXPECT_EQ(aggregator.PeriodStarts(), std::vector<int64_t>{kStart});
  EXPECT_EQ(aggregator.PeriodCoverage(kStart).rejected[RejectReason::kDurationNegative], 1U);
  EXPECT_EQ(aggregator.PeriodCoverage(kStart).read, 1U);
  EXPECT_EQ(aggregator.unplaced()[RejectReason::kMalformed], 1U);
  EXPECT_EQ(aggregator.filtered(), 7U);
  EXPECT_TRUE(aggregator.Summarize(kStart, {0, kSlotsDefault})->rows.empty());
}

TEST(Aggregator, BeyondTheMemoryLimitTheHeaviestEndpointsUseAHistogram) {
  const auto fill = [](Aggregator* aggregator) {
    SpanBatch batch;
    for (int i = 0; i < 300'000; ++i) {
      Span span;
      span.app = "a";
      span.method = i % 10 == 0 ? "light" : "heavy";
      span.start_ms = kStart;
      span.duration_us = static_cast<uint64_t>(i) * 2654435761U % 1'000'003;
      span.error = i % 100 == 0;
      batch.spans.push_back(span);
    }
    EXPECT_TRUE(aggregator->Add(batch).ok());
  };
  Aggregator exact(Options());
  fill(&exact);
  AggregatorOptions tight = Options();
  tight.memory_limit_bytes = 600'000;
  Aggregator rough(tight);
  fill(&rough);
  EXPECT_EQ(rough.inexact_groups(), 1U);
  EXPECT_EQ(Fingerprints(rough), Fingerprints(exact));
  const auto exact_rows = AllRows(&exact);
  const auto rough_rows = AllRows(&rough);
  ASSERT_EQ(rough_rows.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    const bool heavy = rough_rows[i].name.method == "heavy";
    EXPECT_EQ(rough_rows[i].stat.exact, !heavy);
    EndpointStat same = rough_rows[i].stat;
    for (size_t p = 0; p < kPercentiles.size(); ++p) {
      const auto value = static_cast<double>(exact_rows[i].stat.percentile_us[p]);
      EXPECT_NEAR(static_cast<double>(same.percentile_us[p]), value, value * 0.005);
    }
    same.percentile_us = exact_rows[i].stat.percentile_us;
    same.exact = true;
    EXPECT_EQ(same, exact_rows[i].stat);
    EXPECT_EQ(rough_rows[i].slowest, exact_rows[i].slowest);
  }
  EXPECT_EQ(rough.PeriodCoverage(kStart), exact.PeriodCoverage(kStart));
}

TEST(Aggregator, TooManyEndpointsForTheMemoryLimitAreAnError) {
  AggregatorOptions options = Options();
  options.memory_limit_bytes = 1 << 20;
  Aggregator aggregator(options);
  Status status;
  for (int i = 0; i < 100'000 && status.ok(); ++i) {
    const OwnedSpan span{"a", "", "method-with-id-" + std::to_string(i), "", "", kStart, 1, false};
    status = aggregator.Add(BatchOf({span}));
  }
  EXPECT_EQ(status.code(), StatusCode::kExhausted);
  EXPECT_NE(status.message().find("--memory-limit"), std::string::npos);
}

TEST(Aggregator, AppsHaveTheirOwnApdexThreshold) {
  AggregatorOptions options = Options();
  options.apdex.by_app["fast"] = 10;
  Aggregator aggregator(options);
  ASSERT_TRUE(aggregator
                  .Add(BatchOf({{"fast", "", "m", "", "", kStart, 10, false},
                                {"fast", "", "m", "", "", kStart, 40, false},
                                {"fast", "", "m", "", "", kStart, 41, false},
                                {"fast", "", "m", "", "", kStart, 5, true}}))
                  .ok());
  const auto rows = AllRows(&aggregator);
  EXPECT_EQ(rows.front().stat.satisfied, 1U);
  EXPECT_EQ(rows.front().stat.tolerating, 1U);
}

TEST(Aggregator, ForgettingAPeriodFreesItsSpansOnly) {
  const auto spans = RandomSpans(8, 2'000);
  Aggregator aggregator(Options());
  ASSERT_TRUE(aggregator.Add(BatchOf(spans)).ok());
  const auto fingerprints = Fingerprints(aggregator);
  const auto later = aggregator.Summarize(kStart + 60'000, {0, kSlotsDefault})->rows;
  aggregator.Forget(kStart);
  EXPECT_TRUE(aggregator.Summarize(kStart, {0, kSlotsDefault})->rows.empty());
  EXPECT_EQ(aggregator.Summarize(kStart + 60'000, {0, kSlotsDefault})->rows, later);
  EXPECT_EQ(Fingerprints(aggregator), fingerprints);
}

}  // namespace
}  // namespace tymbal::worker
