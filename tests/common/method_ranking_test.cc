#include "common/method_ranking.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace tymbal {
namespace {

StatRow Row(const std::string& app, uint64_t calls, uint64_t errors = 0) {
  StatRow row;
  row.name.app = app;
  row.endpoint_id = static_cast<uint64_t>(app[0]);
  row.stat.calls = calls;
  row.stat.errors = errors;
  return row;
}

/// The apps of a key in the order of their ranks.
std::string Ranked(SortKey key, const std::vector<StatRow>& rows) {
  MethodRanking ranking;
  for (const StatRow& row : rows) ranking.Add(row);
  std::string apps;
  for (const MethodRanking::Ranked& ranked : ranking.Finish()) {
    if (ranked.key != key) continue;
    apps += static_cast<char>(ranked.endpoint_id);
    EXPECT_EQ(ranked.rank, static_cast<int64_t>(apps.size()));
  }
  return apps;
}

TEST(MethodRankingTest, PutsLargeNumbersFirstAndTiesByName) {
  EXPECT_EQ(Ranked(SortKey::kCalls, {Row("c", 5), Row("b", 5), Row("d", 9), Row("a", 1)}), "dbca");
  EXPECT_EQ(Ranked(SortKey::kP99, {Row("c", 5), Row("b", 5), Row("a", 1)}), "abc");
}

TEST(MethodRankingTest, ComparesRatesAsNumbers) {
  EXPECT_EQ(Ranked(SortKey::kErrorRate,
                   {Row("a", 1000, 1), Row("b", 3, 1), Row("c", 1, 1), Row("d", 7, 0)}),
            "cbad");
}

TEST(MethodRankingTest, ComparesLargeCountsExactly) {
  const uint64_t most = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Ranked(SortKey::kCalls, {Row("a", most - 1), Row("b", most)}), "ba");
}

TEST(MethodRankingTest, KeepsSoManyMethodsForEachKeyAndIsEmptyAfterwards) {
  MethodRanking ranking;
  for (uint64_t i = 0; i < 3 * kRankedMethods; ++i) ranking.Add(Row("a", i + 1));
  EXPECT_EQ(ranking.Finish().size(), kRankedKeys.size() * kRankedMethods);
  EXPECT_TRUE(ranking.Finish().empty());
}

}  // namespace
}  // namespace tymbal
