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
  for (const RankedMethod& ranked : ranking.Finish()) {
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

StatReportRow ReportRow(int64_t start_ms, const std::string& app, uint64_t calls) {
  return {{start_ms, start_ms + 1}, Row(app, calls)};
}

SlowReportRow SlowRow(int64_t start_ms, const std::string& app, uint64_t duration_us) {
  SlowReportRow row;
  row.period = {start_ms, start_ms + 1};
  row.name.app = app;
  row.call.duration_us = duration_us;
  return row;
}

/// The selections that a query reads.
std::string SelectionsOf(const StatQuery& query) {
  std::string read;
  const auto rows = ReadBySelection(query, [&read](RunSelection runs) {
    read += runs == RunSelection::kAll ? "a" : runs == RunSelection::kRanked ? "r" : "u";
    return std::vector<StatReportRow>();
  });
  EXPECT_TRUE(rows.has_value());
  return read;
}

TEST(ReadBySelectionTest, AsksForRankedMethodsWhereTheyAreEnough) {
  StatQuery query;
  EXPECT_EQ(SelectionsOf(query), "ru");
  query.limit = kRankedMethods;
  EXPECT_EQ(SelectionsOf(query), "ru");
  query.limit = kRankedMethods + 1;
  EXPECT_EQ(SelectionsOf(query), "a");
  query.limit = 0;
  EXPECT_EQ(SelectionsOf(query), "a");
  query.limit = 1;
  query.level = Level::kService;
  EXPECT_EQ(SelectionsOf(query), "a");
  query.level = Level::kMethod;
  query.sort = SortKey::kTime;
  EXPECT_EQ(SelectionsOf(query), "a");
  query.sort = SortKey::kErrorRate;
  query.filter.from_ms = 5;
  EXPECT_EQ(SelectionsOf(query), "ru");
  query.filter.method = "m";
  EXPECT_EQ(SelectionsOf(query), "a");
}

TEST(ReadBySelectionTest, MergesRankedRunsWithOthersInTheOrderOfReports) {
  StatQuery query;
  query.sort = SortKey::kCalls;
  query.limit = 5;
  const auto rows = ReadBySelection(query, [](RunSelection runs) {
    return runs == RunSelection::kRanked
               ? std::vector<StatReportRow>{ReportRow(1, "a", 9), ReportRow(2, "a", 5),
                                            ReportRow(1, "c", 5), ReportRow(1, "d", 1)}
               : std::vector<StatReportRow>{ReportRow(3, "d", 8), ReportRow(3, "a", 5),
                                            ReportRow(0, "b", 5)};
  });
  std::string order;
  for (const StatReportRow& row : *rows) {
    order += row.row.name.app + std::to_string(row.period.start_ms) + " ";
  }
  EXPECT_EQ(order, "a1 d3 a2 a3 b0 ");
}

TEST(ReadBySelectionTest, MergesSlowCallsInTheOrderOfReports) {
  const auto rows = ReadBySelection({}, 4, [](RunSelection runs) {
    return runs == RunSelection::kRanked
               ? std::vector<SlowReportRow>{SlowRow(1, "a", 9), SlowRow(1, "b", 5),
                                            SlowRow(1, "b", 5)}
               : std::vector<SlowReportRow>{SlowRow(0, "b", 5), SlowRow(0, "c", 4)};
  });
  std::string order;
  for (const SlowReportRow& row : *rows) {
    order += row.name.app + std::to_string(row.period.start_ms) + " ";
  }
  EXPECT_EQ(order, "a1 b0 b1 b1 ");
}

}  // namespace
}  // namespace tymbal
