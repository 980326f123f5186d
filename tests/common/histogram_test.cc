#include "common/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace tymbal {
namespace {

/// Values around every bucket border, and many between.
std::vector<uint64_t> InterestingValues() {
  std::vector<uint64_t> values;
  for (uint64_t power = 1; power <= kDurationMaxUs; power *= 2) {
    for (const uint64_t part : {0UL, 1UL, 63UL, 64UL, 127UL}) {
      const uint64_t value = power + power * part / 128;
      for (const uint64_t v : {value - 1, value, value + 1}) {
        if (v <= kDurationMaxUs) values.push_back(v);
      }
    }
  }
  values.push_back(kDurationMaxUs);
  return values;
}

TEST(Histogram, EveryValueLiesInItsBucketWithinTheErrorBound) {
  for (const uint64_t value : InterestingValues()) {
    const uint32_t bucket = Histogram::BucketOf(value);
    ASSERT_LT(bucket, Histogram::kBuckets);
    ASSERT_LE(Histogram::LowerBound(bucket), value);
    if (bucket + 1 < Histogram::kBuckets) {
      ASSERT_GT(Histogram::LowerBound(bucket + 1), value);
    }
    const auto exact = static_cast<double>(value);
    const auto middle = static_cast<double>(Histogram::Middle(bucket));
    ASSERT_LE(std::abs(middle - exact), exact / 256) << value;
  }
}

TEST(Histogram, MergingIsAddingInAnyOrder) {
  std::mt19937_64 random(7);
  const auto values = InterestingValues();
  Histogram all;
  Histogram parts[3];
  for (int i = 0; i < 5000; ++i) {
    const uint64_t value = values[random() % values.size()];
    const uint64_t count = 1 + random() % 3;
    all.Add(value, count);
    parts[random() % 3].Add(value, count);
  }
  Histogram merged;
  ASSERT_TRUE(merged.MergeEncoded(parts[2].Encode()).ok());
  merged.Merge(parts[0]);
  ASSERT_TRUE(merged.MergeEncoded(parts[1].Encode()).ok());
  EXPECT_EQ(merged.Encode(), all.Encode());
  EXPECT_EQ(merged.count(), all.count());
}

TEST(Histogram, FindsTheBucketOfEveryRank) {
  Histogram histogram;
  const std::vector<uint64_t> sorted = {0, 0, 5, 255, 256, 257, 1'000'000, kDurationMaxUs};
  for (const uint64_t value : sorted) histogram.Add(value);
  std::vector<uint64_t> ranks(sorted.size());
  std::iota(ranks.begin(), ranks.end(), 1);
  std::vector<Histogram::Position> together(ranks.size());
  histogram.Find(ranks, together);
  for (size_t i = 0; i < ranks.size(); ++i) {
    EXPECT_EQ(together[i].bucket, Histogram::BucketOf(sorted[i]));
    EXPECT_LE(together[i].before, i);
    Histogram::Position alone{};
    histogram.Find({&ranks[i], 1}, {&alone, 1});
    EXPECT_EQ(alone.bucket, together[i].bucket);
    EXPECT_EQ(alone.before, together[i].before);
  }
}

TEST(Histogram, ClearForgetsEverything) {
  Histogram histogram;
  histogram.Add(3);
  histogram.Add(kDurationMaxUs, 9);
  histogram.Clear();
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.Encode(), Histogram().Encode());
}

TEST(Histogram, BytesNeverChange) {
  Histogram histogram;
  for (const uint64_t value : {0UL, 1UL, 300UL, 300UL, 123'456UL}) histogram.Add(value);
  histogram.Add(70'000'000, 200);
  const unsigned char expected[] = {1,    0,    1, 0,    1,    0x94, 0x02, 2,
                                    0xda, 0x08, 1, 0x93, 0x09, 0xc8, 1};
  EXPECT_EQ(histogram.Encode(), std::string(std::begin(expected), std::end(expected)));
}

TEST(Histogram, DamagedBytesAreRefusedWhole) {
  Histogram source;
  source.Add(5, 100'000);
  source.Add(1'000'000);
  const std::string good = source.Encode();
  for (size_t length = 0; length < good.size(); ++length) {
    Histogram histogram;
    const Status status = histogram.MergeEncoded(good.substr(0, length));
    EXPECT_TRUE(status.ok() || histogram.count() == 0);
  }
  const std::string huge_gap = {1, '\xff', '\xff', '\x7f', 1};
  const std::string zero_count = {1, 3, 0};
  const std::string other_version = {2, 3, 1};
  const std::string too_long_number = {1,      0,      '\xff', '\xff', '\xff', '\xff',
                                       '\xff', '\xff', '\xff', '\xff', '\xff', 2};
  for (const std::string& bad : {huge_gap, zero_count, other_version, too_long_number}) {
    Histogram histogram;
    EXPECT_FALSE(histogram.MergeEncoded(bad).ok());
    EXPECT_EQ(histogram.count(), 0U);
  }
}

TEST(Histogram, BytesThatAreDamagedBehindSoundEntriesAddNothing) {
  Histogram source;
  source.Add(5, 100'000);
  source.Add(1'000'000);
  Histogram histogram;
  histogram.Add(5, 3);
  histogram.Add(70'000);
  const std::string before = histogram.Encode();
  EXPECT_FALSE(histogram.MergeEncoded(source.Encode() + '\0').ok());  // A gap without a count.
  EXPECT_EQ(histogram.Encode(), before);
  EXPECT_EQ(histogram.count(), 4U);
}

TEST(Histogram, CountsThatWouldWrapAreRefused) {
  Histogram histogram;
  histogram.Add(1, UINT64_MAX);
  Histogram one;
  one.Add(2);
  EXPECT_FALSE(histogram.MergeEncoded(one.Encode()).ok());
}

TEST(NearestRank, IsTheCeilingOfThePercentile) {
  for (uint64_t count = 1; count <= 3000; ++count) {
    for (const uint32_t permille : {1U, 500U, 750U, 999U, 1000U}) {
      const uint64_t rank = NearestRank(count, permille);
      // The smallest rank with rank / count >= permille / 1000.
      ASSERT_GE(rank * 1000, count * permille);
      ASSERT_LT((rank - 1) * 1000, count * permille);
    }
  }
  EXPECT_EQ(NearestRank(UINT64_MAX, 1000), UINT64_MAX);
  EXPECT_EQ(NearestRank(UINT64_MAX, 1), UINT64_MAX / 1000 + 1);
}

}  // namespace
}  // namespace tymbal
