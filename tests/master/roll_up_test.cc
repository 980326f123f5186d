#include "master/roll_up.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

namespace tymbal::master {
namespace {

StatRow MethodRow(const EndpointName& name, const std::vector<uint64_t>& durations_us) {
  StatRow row;
  row.name = name;
  row.endpoint_id = EndpointId(Level::kMethod, name);
  Histogram histogram;
  EndpointStat& stat = row.stat;
  stat.min_us = UINT64_MAX;
  for (const uint64_t d : durations_us) {
    ++stat.calls;
    stat.errors += d % 7 == 0 ? 1 : 0;
    stat.duration_sum_us += d;
    stat.duration_sumsq += static_cast<double>(d) * static_cast<double>(d);
    stat.min_us = std::min(stat.min_us, d);
    stat.max_us = std::max(stat.max_us, d);
    histogram.Add(d);
  }
  stat.histogram = histogram.Encode();
  stat.percentile_us = {1, 2, 3, 4, 5, 6};
  return row;
}

const StatRow& Find(const std::vector<StatRow>& rows, Level level, const EndpointName& name) {
  return *std::find_if(rows.begin(), rows.end(),
                       [&](const StatRow& row) { return row.level == level && row.name == name; });
}

std::vector<StatRow> Rows(RollUp* roll_up) {
  const auto publication = roll_up->Finish();
  EXPECT_TRUE(publication);
  return publication ? publication->rollup_rows : std::vector<StatRow>();
}

TEST(RollUp, ServicesAndAppsAreTheSumsOfTheirMethodsI9) {
  std::mt19937_64 random(3);
  RollUp roll_up;
  std::map<std::string, std::vector<uint64_t>> of_app;
  for (int i = 0; i < 200; ++i) {
    const EndpointName name{"app" + std::to_string(i % 3), "service" + std::to_string(i % 7),
                            "method" + std::to_string(i)};
    std::vector<uint64_t> durations(1 + random() % 400);
    for (uint64_t& d : durations) d = random() % 1'000'000;
    of_app[name.app].insert(of_app[name.app].end(), durations.begin(), durations.end());
    ASSERT_TRUE(roll_up.Add(MethodRow(name, durations)).ok());
  }
  const std::vector<StatRow> rows = Rows(&roll_up);
  EXPECT_EQ(rows.size(), 3U + 21U);
  for (auto& [app, durations] : of_app) {
    const StatRow& row = Find(rows, Level::kApp, {app, "", ""});
    const StatRow expected = MethodRow({app, "", ""}, durations);
    EXPECT_EQ(row.stat.calls, expected.stat.calls);
    EXPECT_EQ(row.stat.errors, expected.stat.errors);
    EXPECT_EQ(row.stat.duration_sum_us, expected.stat.duration_sum_us);
    EXPECT_EQ(row.stat.min_us, expected.stat.min_us);
    EXPECT_EQ(row.stat.max_us, expected.stat.max_us);
    EXPECT_EQ(row.stat.histogram, expected.stat.histogram);
    EXPECT_FALSE(row.stat.exact);
    std::sort(durations.begin(), durations.end());
    for (size_t i = 0; i < kPercentiles.size(); ++i) {
      const auto exact =
          static_cast<double>(durations[NearestRank(durations.size(), kPercentiles[i]) - 1]);
      EXPECT_NEAR(static_cast<double>(row.stat.percentile_us[i]), exact, exact * 0.005);
    }
  }
}

TEST(RollUp, AServiceOfOneMethodHasTheExactNumbersOfThatMethod) {
  RollUp roll_up;
  const StatRow method = MethodRow({"app", "service", "method"}, {5, 7, 1000});
  ASSERT_TRUE(roll_up.Add(method).ok());
  const std::vector<StatRow> rows = Rows(&roll_up);
  EXPECT_EQ(Find(rows, Level::kService, {"app", "service", ""}).stat, method.stat);
  EXPECT_EQ(Find(rows, Level::kApp, {"app", "", ""}).stat, method.stat);
}

TEST(RollUp, TheOrderOfMethodsDoesNotMatter) {
  std::mt19937_64 random(5);
  std::vector<StatRow> methods;
  for (int i = 0; i < 300; ++i) {
    std::vector<uint64_t> durations(1 + random() % 20);
    for (uint64_t& d : durations) d = random() % 10'000'000'000;
    methods.push_back(
        MethodRow({"app", "s" + std::to_string(i % 2), std::to_string(i)}, durations));
  }
  std::vector<StatRow> expected;
  for (int round = 0; round < 5; ++round) {
    RollUp roll_up;
    for (const StatRow& method : methods) ASSERT_TRUE(roll_up.Add(method).ok());
    const std::vector<StatRow> rows = Rows(&roll_up);
    if (round == 0) expected = rows;
    EXPECT_EQ(rows, expected);
    std::shuffle(methods.begin(), methods.end(), random);
  }
}

TEST(RollUp, RanksTheMethods) {
  RollUp roll_up;
  const StatRow quick = MethodRow({"app", "s", "quick"}, {1, 2});
  const StatRow slow = MethodRow({"app", "s", "slow"}, {9});
  for (const StatRow& method : {quick, slow}) ASSERT_TRUE(roll_up.Add(method).ok());
  const auto publication = roll_up.Finish();
  ASSERT_TRUE(publication);
  std::map<SortKey, std::vector<uint64_t>> ids;
  for (const RankedMethod& method : publication->ranking) {
    ids[method.key].push_back(method.endpoint_id);
  }
  EXPECT_EQ(ids[SortKey::kCalls], (std::vector{quick.endpoint_id, slow.endpoint_id}));
  EXPECT_EQ(ids[SortKey::kMax], (std::vector{slow.endpoint_id, quick.endpoint_id}));
}

TEST(RollUp, RowsAreInTheOrderOfTheirIds) {
  RollUp roll_up;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(roll_up.Add(MethodRow({"a" + std::to_string(i), "s", "m"}, {1})).ok());
  }
  const std::vector<StatRow> rows = Rows(&roll_up);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.endpoint_id < b.endpoint_id;
  }));
}

TEST(RollUp, ASumThatCantBeStoredIsAnErrorThatNamesIt) {
  RollUp roll_up;
  StatRow row = MethodRow({"big", "s", "m"}, {1});
  row.stat.duration_sum_us = kStoredMax - 1;
  ASSERT_TRUE(roll_up.Add(row).ok());
  row.name.method = "n";
  const Status status = roll_up.Add(row);
  EXPECT_EQ(status.code(), StatusCode::kExhausted);
  EXPECT_NE(status.message().find("big"), std::string::npos);
}

TEST(RollUp, ADamagedHistogramIsAnError) {
  RollUp roll_up;
  StatRow row = MethodRow({"a", "s", "m"}, {1});
  ASSERT_TRUE(roll_up.Add(row).ok());
  row.stat.histogram = "damaged";
  row.name.method = "n";
  const Status added = roll_up.Add(row);
  EXPECT_FALSE(added.ok() && roll_up.Finish().has_value());
}

}  // namespace
}  // namespace tymbal::master
