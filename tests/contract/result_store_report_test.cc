// What every result store must show to reports: the part of the contract suite about ReportSource.
// The kinds of stores are named in result_store_test.cc.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <limits>

#include "contract/result_store_contract.h"

namespace tymbal::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_P(ResultStoreContract, ReportsRowsWithTheirPeriodAndNumbers) {
  const StatRow method = Method("m", 5);
  const StatRow service = MakeRow(Level::kService, {"app", "service", ""}, 6);
  const StatRow empty_service = MakeRow(Level::kService, {"app", "", ""}, 8);
  const StatRow app = MakeRow(Level::kApp, {"app", "", ""}, 7);
  Publish(TakeEpoch(), kHour1, {method}, {service, app, empty_service});
  for (const StatRow& row : {method, app}) {
    StatQuery query;
    query.level = row.level;
    query.with_histogram = true;
    std::vector<StatReportRow> rows = Take(reports().ReadStats(query));
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(rows[0].period, kHour1);
    EXPECT_EQ(rows[0].row, WithoutSlowest({row})[0]);
    query.with_histogram = false;
    rows = Take(reports().ReadStats(query));
    EXPECT_EQ(rows[0].row.stat.histogram, "");
    EXPECT_EQ(rows[0].row.stat.max_us, row.stat.max_us);
  }
  StatQuery query;
  query.level = Level::kService;
  query.filter.service = "";
  const std::vector<StatReportRow> rows = Take(reports().ReadStats(query));
  ASSERT_THAT(rows, SizeIs(1)) << "an empty name is a name";
  EXPECT_EQ(rows[0].row.stat.calls, 108U);
}

TEST_P(ResultStoreContract, SortsReportsByEachKeyWithTiesByName) {
  // Numbers in such orders that every key gives another one; c1 and c2 are equal but for their
  // names.
  StatRow a = MakeMethodRow({"a", "s", "m"}, 10);
  StatRow b = MakeMethodRow({"b", "s", "m"}, 10);
  StatRow c1 = MakeMethodRow({"c", "s", "m1"}, 10);
  StatRow c2 = MakeMethodRow({"c", "s", "m2"}, 10);
  b.stat.calls = 10'000;
  b.stat.errors = 50;  // More errors than a and c, but a lower rate than all.
  b.stat.duration_sum_us = 400'000;
  a.stat.errors = 10;
  a.stat.duration_sum_us = 300'000;
  a.stat.percentile_us = {1, 2, 3, 4, 5, 60};
  b.stat.percentile_us = {2, 3, 4, 50, 50, 50};
  c1.stat.percentile_us = c2.stat.percentile_us = {10, 10, 10, 10, 40, 40};
  a.stat.max_us = b.stat.max_us = c1.stat.max_us = c2.stat.max_us = 100;
  c1.stat.max_us = 101;
  for (StatRow* row : {&a, &b, &c1, &c2}) row->slowest.clear();
  const Epoch epoch = TakeEpoch();
  Publish(epoch, kHour0, {c2, b, c1, a});
  const auto order = [this](SortKey sort) {
    StatQuery query;
    query.sort = sort;
    std::string text;
    for (const StatReportRow& row : Take(reports().ReadStats(query))) {
      text += fmt::format("{}{} ", row.row.name.app, row.row.name.method.substr(1));
    }
    return text;
  };
  EXPECT_EQ(order(SortKey::kTime), "a b c1 c2 ");
  EXPECT_EQ(order(SortKey::kName), "a b c1 c2 ");
  EXPECT_EQ(order(SortKey::kCalls), "b a c1 c2 ");
  EXPECT_EQ(order(SortKey::kErrors), "b a c1 c2 ");
  EXPECT_EQ(order(SortKey::kErrorRate), "a c1 c2 b ");
  EXPECT_EQ(order(SortKey::kSum), "b a c1 c2 ");
  EXPECT_EQ(order(SortKey::kMean), "a c1 c2 b ");
  EXPECT_EQ(order(SortKey::kMax), "c1 a b c2 ");
  EXPECT_EQ(order(SortKey::kP50), "c1 c2 b a ");
  EXPECT_EQ(order(SortKey::kP75), "c1 c2 b a ");
  EXPECT_EQ(order(SortKey::kP90), "c1 c2 b a ");
  EXPECT_EQ(order(SortKey::kP95), "b c1 c2 a ");
  EXPECT_EQ(order(SortKey::kP99), "b c1 c2 a ");
  EXPECT_EQ(order(SortKey::kP999), "a b c1 c2 ");
}

TEST_P(ResultStoreContract, BreaksTiesByBytesOfTheNamesAndThenByPeriod) {
  const std::vector<std::string> names = {std::string("\0", 1), "A", "B", "a", "a ", "b", "\xff"};
  std::vector<StatRow> rows;
  for (const std::string& name : names) rows.push_back(MakeMethodRow({name, "", "m"}));
  const Epoch epoch = TakeEpoch();
  Publish(epoch, kHour1, rows);
  Publish(epoch, kHour0, rows);
  StatQuery query;
  query.limit = 0;
  for (const SortKey sort : {SortKey::kP99, SortKey::kName, SortKey::kMean}) {
    query.sort = sort;
    const std::vector<StatReportRow> found = Take(reports().ReadStats(query));
    ASSERT_THAT(found, SizeIs(2 * names.size()));
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].row.name.app, names[i / 2]);
      EXPECT_EQ(found[i].period, i % 2 == 0 ? kHour0 : kHour1);
    }
  }
  query.sort = SortKey::kTime;
  const std::vector<StatReportRow> found = Take(reports().ReadStats(query));
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].row.name.app, names[i % names.size()]);
    EXPECT_EQ(found[i].period, i < names.size() ? kHour0 : kHour1);
  }
}

TEST_P(ResultStoreContract, LimitsReportsAfterSorting) {
  std::vector<StatRow> rows;
  for (uint64_t seed = 1; seed <= 30; ++seed) rows.push_back(Method(std::to_string(seed), seed));
  Publish(TakeEpoch(), kHour0, rows);
  StatQuery query;
  EXPECT_THAT(Take(reports().ReadStats(query)), SizeIs(20)) << "the default";
  query.limit = 2;
  query.with_histogram = true;
  const std::vector<StatReportRow> top = Take(reports().ReadStats(query));
  ASSERT_THAT(top, SizeIs(2));
  EXPECT_EQ(top[0].row.name.method, "30");
  EXPECT_EQ(top[1].row.name.method, "29");
  EXPECT_EQ(top[1].row.stat.histogram, Method("29", 29).stat.histogram);
  query.limit = 0;
  EXPECT_THAT(Take(reports().ReadStats(query)), SizeIs(30));
  query.limit = std::numeric_limits<size_t>::max();
  EXPECT_THAT(Take(reports().ReadStats(query)), SizeIs(30));
  EXPECT_THAT(Take(reports().ReadSlowCalls({}, 7)), SizeIs(7));
}

TEST_P(ResultStoreContract, FiltersReportsByTimeAndExactNames) {
  const std::vector<StatRow> rows = {
      MakeMethodRow({"app", "s", "m"}), MakeMethodRow({"App", "s", "m"}),
      MakeMethodRow({"app ", "s", "m"}), MakeMethodRow({"app", "s2", "m"}),
      MakeMethodRow({"app", "s", "m2"})};
  const Epoch epoch = TakeEpoch();
  for (const Period& period : {kHour0, kHour1, kHour2}) Publish(epoch, period, rows);
  const auto count = [this](const RowFilter& filter) {
    StatQuery query;
    query.filter = filter;
    query.limit = 0;
    const size_t stats = Take(reports().ReadStats(query)).size();
    EXPECT_THAT(Take(reports().ReadSlowCalls(filter, 0)), SizeIs(2 * stats));
    return stats;
  };
  EXPECT_EQ(count({}), 15U);
  RowFilter filter;
  filter.from_ms = kHour1.start_ms;
  EXPECT_EQ(count(filter), 10U);
  filter.to_ms = kHour2.start_ms;
  EXPECT_EQ(count(filter), 5U);
  filter.from_ms += 1;
  EXPECT_EQ(count(filter), 0U);
  filter = {};
  filter.app = "app";
  EXPECT_EQ(count(filter), 9U);
  filter.service = "s";
  EXPECT_EQ(count(filter), 6U);
  filter.method = "m2";
  EXPECT_EQ(count(filter), 3U);
  filter.app.reset();
  filter.method = "m";
  EXPECT_EQ(count(filter), 9U);
  filter.method = "M";
  EXPECT_EQ(count(filter), 0U);
  filter = {};
  filter.app = "' OR ''='";
  EXPECT_EQ(count(filter), 0U);
}

TEST_P(ResultStoreContract, ReportsSlowCallsLongestFirst) {
  StatRow a = MakeMethodRow({"a", "s", "m"});
  StatRow b = MakeMethodRow({"b", "s", "m"});
  a.slowest = {{500, 1, true, "t1", "s1"}, {300, 2, false, "t2", "s2"}, {300, 3, false, "", ""}};
  b.slowest = {{700, 9, false, "t3", "s3"}, {300, 1, true, "t4", "s4"}};
  a.stat.max_us = 500;
  b.stat.max_us = 700;
  const Epoch epoch = TakeEpoch();
  Publish(epoch, kHour1, {a, b});
  Publish(epoch, kHour0, {a});
  const std::vector<SlowReportRow> calls = Take(reports().ReadSlowCalls({}, 0));
  std::string text;
  for (const SlowReportRow& row : calls) {
    text += fmt::format("{}{}:{}@{} ", row.name.app, row.period == kHour0 ? 0 : 1,
                        row.call.duration_us, row.call.start_ms);
  }
  EXPECT_EQ(text, "b1:700@9 a0:500@1 a1:500@1 a0:300@2 a0:300@3 a1:300@2 a1:300@3 b1:300@1 ");
  EXPECT_EQ(calls[0].call, b.slowest[0]);
  EXPECT_EQ(calls[1].call, a.slowest[0]);
  EXPECT_EQ(calls[0].period, kHour1);
}

TEST_P(ResultStoreContract, ReportsForEachPeriodTheRunThatCounts) {
  const Epoch epoch = TakeEpoch();
  const Period minus_one = {-3'600'000, 0};
  // Hour -1 failed twice, hour 0 is published and being computed again, hour 1 failed and is open.
  for (const char* reason : {"first", "second"}) {
    const RunRecord failed = Take(store().PlanRun(epoch, MakePlan(minus_one, 2)));
    Take(Commit(failed, 1, {Method("a")}));
    Expect(store().FailRun(epoch, failed.id, reason));
  }
  Publish(epoch, kHour0, {Method("superseded")});
  const RunRecord published = Publish(epoch, kHour0, {Method("a", 1), Method("b", 2)});
  const RunRecord again = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  const RunRecord failed = Take(store().PlanRun(epoch, MakePlan(kHour1)));
  Expect(store().FailRun(epoch, failed.id, "x"));
  const RunRecord open = Take(store().PlanRun(epoch, MakePlan(kHour1, 3)));
  Take(Commit(open, 0, {Method("a", 1)}));
  Take(Commit(open, 2, {Method("c", 1)}));

  const std::vector<PeriodReportRow> rows = Take(reports().ReadPeriods(INT64_MIN, INT64_MAX));
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[0].period, minus_one);
  EXPECT_EQ(rows[0].state, RunState::kFailed);
  EXPECT_EQ(rows[0].reason, "second");
  EXPECT_EQ(rows[0].attempt, 2);
  EXPECT_EQ(rows[0].published_ms, 0);
  EXPECT_EQ(rows[1].period, kHour0);
  EXPECT_EQ(rows[1].run, published.id);
  EXPECT_EQ(rows[1].state, RunState::kPublished);
  EXPECT_EQ(rows[1].attempt, 2);
  EXPECT_EQ(rows[1].calls, 203U);
  EXPECT_EQ(rows[1].unplaced, 7U);
  EXPECT_EQ(rows[1].source, "spans.ndjson");
  EXPECT_EQ(rows[1].published_ms, now_ms_);
  EXPECT_EQ(rows[1].coverage.expected, 110U);
  EXPECT_EQ(rows[2].run, open.id);
  EXPECT_EQ(rows[2].state, RunState::kOpen);
  EXPECT_EQ(rows[2].coverage.expected, 220U);
  EXPECT_EQ(rows[2].coverage.read, 210U);
  EXPECT_EQ(rows[2].coverage.rejected[RejectReason::kMissingApp], 8U);
  EXPECT_EQ(rows[2].coverage.rejected.Total(), 10U);
  EXPECT_EQ(rows[2].calls, 202U) << "of the fragments that are done";

  EXPECT_THAT(Take(reports().ReadPeriods(0, kHour1.start_ms)), SizeIs(1));
  EXPECT_THAT(Take(reports().ReadPeriods(1, kHour1.start_ms + 1)), SizeIs(1));
  EXPECT_THAT(Take(reports().ReadPeriods(kHour2.start_ms, INT64_MAX)), IsEmpty());
  EXPECT_EQ(Take(reports().LastPublishedStart()), kHour0.start_ms);
  EXPECT_EQ(Take(store().ReadRun(again.id)).state, RunState::kOpen);
}

TEST_P(ResultStoreContract, ShowsToOneObjectWhatAnotherWrote) {
  OpenedStore reader = Open();
  const Epoch epoch = TakeEpoch();
  EXPECT_THAT(Take(reader.reports->ReadPeriods(INT64_MIN, INT64_MAX)), IsEmpty());
  Publish(epoch, kHour0, {Method("a")});
  EXPECT_THAT(Take(reader.reports->ReadPeriods(INT64_MIN, INT64_MAX)), SizeIs(1));
  EXPECT_THAT(Take(reader.reports->ReadStats({})), SizeIs(1));
}

}  // namespace
}  // namespace tymbal::testing
