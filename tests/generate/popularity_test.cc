#include "generate/popularity.h"

#include <gtest/gtest.h>

namespace tymbal::generate {
namespace {

constexpr uint64_t kOneQ32 = uint64_t{1} << 32;

TEST(Popularity, ZipfWeightsFallWithTheRankAndNeverReachZero) {
  const std::vector<uint64_t> halves = ZipfWeights(4, kOneQ32);  // 1, 1/2, 1/3, 1/4
  const uint64_t top = uint64_t{1} << 40;
  EXPECT_EQ(halves[0], top);
  EXPECT_EQ(halves[1], top / 2);
  EXPECT_NEAR(static_cast<double>(halves[2]), static_cast<double>(top) / 3, 1e3);
  EXPECT_EQ(halves[3], top / 4);

  EXPECT_EQ(ZipfWeights(3, 0), std::vector<uint64_t>(3, top));
  EXPECT_EQ(ZipfWeights(1000, 10 * kOneQ32).back(), 1U);
}

TEST(Popularity, DrawsFollowTheWeights) {
  const std::vector<uint64_t> weights = {1'000, 1, 10'000, 500, 8'499};
  const AliasTable table(weights);
  Random random(3);
  std::vector<double> drawn(weights.size());
  for (int i = 0; i < 200'000; ++i) ++drawn[table.Draw(random)];
  for (size_t i = 0; i < weights.size(); ++i) {
    EXPECT_NEAR(drawn[i] / 200'000, static_cast<double>(weights[i]) / 20'000, 0.004) << i;
  }
  EXPECT_GT(drawn[1], 0);
}

TEST(Popularity, OneEndpointIsAlwaysDrawn) {
  const AliasTable table({7});
  Random random(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(table.Draw(random), 0U);
}

}  // namespace
}  // namespace tymbal::generate
