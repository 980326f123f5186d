#include "worker/duration_summary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tymbal::worker {
namespace {

/// Brute force: all durations one by one, sorted.
EndpointStat Expected(std::vector<uint64_t> all, const CallCounts& counts, uint64_t apdex_us) {
  std::sort(all.begin(), all.end());
  EndpointStat stat;
  stat.calls = all.size();
  stat.errors = counts.errors;
  Histogram histogram;
  long double sumsq = 0;
  for (const uint64_t d : all) {
    stat.duration_sum_us += d;
    sumsq += static_cast<long double>(d) * static_cast<long double>(d);
    if (d <= apdex_us) ++stat.satisfied;
    if (d > apdex_us && d <= 4 * apdex_us) ++stat.tolerating;
    histogram.Add(d);
  }
  stat.satisfied -= counts.error_satisfied;
  stat.tolerating -= counts.error_tolerating;
  stat.duration_sumsq = static_cast<double>(sumsq);
  stat.min_us = all.front();
  stat.max_us = all.back();
  for (size_t i = 0; i < kPercentiles.size(); ++i) {
    size_t rank = 1;  // The smallest with rank / n >= p.
    while (rank * 1000 < all.size() * kPercentiles[i]) ++rank;
    stat.percentile_us[i] = all[rank - 1];
  }
  stat.histogram = histogram.Encode();
  return stat;
}

struct Collected {
  std::vector<uint32_t> narrow;
  std::vector<uint64_t> wide;
  std::vector<WeightedDuration> weighted;
  std::vector<uint64_t> all;
};

Collected Random(std::mt19937_64* random, size_t count) {
  Collected c;
  const int shape = static_cast<int>((*random)() % 4);
  for (size_t i = 0; i < count; ++i) {
    uint64_t d = (*random)();
    d = shape == 0   ? d % 3                              // Ties.
        : shape == 1 ? d % 1'000'000                      // Spread.
        : shape == 2 ? (uint64_t{1} << (d % 41)) + d % 7  // All orders of magnitude.
                     : (d % 50 == 0 ? uint64_t{1} << 40 : 5000);
    const uint64_t weight = (*random)() % 10 == 0 ? 2 + (*random)() % 3 : 1;
    c.all.insert(c.all.end(), weight, d);
    if (weight != 1) {
      c.weighted.push_back({d, weight});
    } else if (d > UINT32_MAX) {
      c.wide.push_back(d);
    } else {
      c.narrow.push_back(static_cast<uint32_t>(d));
    }
  }
  return c;
}

TEST(DurationSummary, EqualsBruteForce) {
  std::mt19937_64 random(17);
  Summarizer summarizer;
  for (int round = 0; round < 400; ++round) {
    const size_t count = round < 200 ? 1 + random() % 20 : 1 + random() % 3000;
    const Collected c = Random(&random, count);
    const CallCounts counts{1, 1, 0};
    const uint64_t apdex_us = c.all.front();  // So that the error is a satisfied one.
    const auto stat = summarizer.Summarize({c.narrow, c.wide, c.weighted}, counts, apdex_us);
    ASSERT_TRUE(stat);
    const EndpointStat expected = Expected(c.all, counts, apdex_us);
    EXPECT_NEAR(stat->duration_sumsq / expected.duration_sumsq, 1, 1e-12);
    EndpointStat same = *stat;
    same.duration_sumsq = expected.duration_sumsq;
    ASSERT_EQ(same, expected) << "round " << round;
    EXPECT_TRUE(std::is_sorted(stat->percentile_us.begin(), stat->percentile_us.end()));  // I9
    EXPECT_LE(stat->min_us, stat->percentile_us.front());
    EXPECT_GE(stat->max_us, stat->percentile_us.back());
  }
}

TEST(DurationSummary, FromAHistogramOnlyThePercentilesDiffer) {
  std::mt19937_64 random(19);
  Summarizer summarizer;
  for (int round = 0; round < 100; ++round) {
    const Collected c = Random(&random, 1 + random() % 2000);
    Histogram histogram;
    DurationSums sums;
    for (const uint64_t d : c.all) {
      histogram.Add(d);
      sums.Add(d, 1, 5000);
    }
    const auto exact = summarizer.Summarize({c.narrow, c.wide, c.weighted}, {}, 5000);
    const auto rough = Summarizer::SummarizeHistogram(histogram, sums, {});
    ASSERT_TRUE(exact && rough);
    EXPECT_FALSE(rough->exact);
    for (size_t i = 0; i < kPercentiles.size(); ++i) {
      const auto value = static_cast<double>(exact->percentile_us[i]);
      EXPECT_NEAR(static_cast<double>(rough->percentile_us[i]), value, value * 0.005);
    }
    EndpointStat same = *rough;
    same.percentile_us = exact->percentile_us;
    same.exact = true;
    EXPECT_EQ(same, *exact);
  }
}

TEST(DurationSummary, SumsThatCantBeStoredAreErrors) {
  Summarizer summarizer;
  const std::vector<WeightedDuration> long_sum = {{kDurationMaxUs, uint64_t{1} << 30}};
  EXPECT_EQ(summarizer.Summarize({{}, {}, long_sum}, {}, 1).error().code(), StatusCode::kExhausted);
  const std::vector<WeightedDuration> many_calls = {{0, UINT64_MAX}, {0, UINT64_MAX}};
  EXPECT_EQ(summarizer.Summarize({{}, {}, many_calls}, {}, 1).error().code(),
            StatusCode::kExhausted);
  const std::vector<WeightedDuration> most = {{1, kStoredMax}};
  EXPECT_TRUE(summarizer.Summarize({{}, {}, most}, {}, 1));
}

}  // namespace
}  // namespace tymbal::worker
