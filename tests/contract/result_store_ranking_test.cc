// Short reports are answered from the ranked methods of each run (common/method_ranking.h). They
// must have exactly the first rows of the report of all rows. The kinds of stores are named in
// result_store_test.cc.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "common/method_ranking.h"
#include "contract/result_store_contract.h"

namespace tymbal::testing {
namespace {

using ::testing::ElementsAreArray;

using Texts = std::vector<std::string>;

constexpr size_t kLimits[] = {1, 2, 20, kRankedMethods - 1, kRankedMethods, kRankedMethods + 1};

/// Rows with so few different numbers that most of them tie.
class TyingRows {
 public:
  explicit TyingRows(uint64_t seed) : random_(seed) {}

  uint64_t Below(uint64_t bound) { return random_() % bound; }

  std::vector<StatRow> Make(size_t count) {
    std::vector<StatRow> rows;
    for (size_t i = 0; i < count; ++i) {
      // Names whose order isn't that of the ids.
      rows.push_back(
          MakeRow(Level::kMethod, {fmt::format("app{}", i % 3), "s", fmt::to_string(i)}));
      StatRow& row = rows.back();
      EndpointStat& stat = row.stat;
      stat.calls = 1 + Below(3);
      stat.errors = Below(stat.calls + 1);
      stat.satisfied = stat.tolerating = 0;
      stat.duration_sum_us = Below(6);
      stat.min_us = 0;
      uint64_t duration_us = 0;
      for (uint64_t& percentile_us : stat.percentile_us) {
        percentile_us = duration_us += Below(8) == 0 ? 1 : 0;
      }
      stat.max_us = duration_us + Below(2);
      row.slowest = {{stat.max_us, 1, false, "t", "s"}};
      if (Below(2) == 0) row.slowest.push_back({stat.max_us / 2, 2, true, "", ""});
    }
    return rows;
  }

 private:
  std::mt19937_64 random_;
};

Texts TextsOf(const std::vector<StatReportRow>& rows) {
  Texts texts;
  for (const StatReportRow& row : rows) {
    texts.push_back(fmt::format("{} {} {} {}", row.period.start_ms, row.row.name.app,
                                row.row.name.method, row.row.stat.histogram));
  }
  return texts;
}

Texts TextsOf(const std::vector<SlowReportRow>& rows) {
  Texts texts;
  for (const SlowReportRow& row : rows) {
    texts.push_back(fmt::format("{} {} {} {}@{}", row.period.start_ms, row.name.app,
                                row.name.method, row.call.duration_us, row.call.start_ms));
  }
  return texts;
}

Texts FirstOf(Texts texts, size_t limit) {
  texts.resize(std::min(texts.size(), limit));
  return texts;
}

void ExpectShortReportsAsLongOnes(ReportSource& reports, const RowFilter& filter) {
  StatQuery query;
  query.filter = filter;
  query.with_histogram = true;
  for (int key = 0; key <= static_cast<int>(SortKey::kP999); ++key) {
    query.sort = static_cast<SortKey>(key);
    query.limit = 0;
    const Texts all = TextsOf(Take(reports.ReadStats(query)));
    for (const size_t limit : kLimits) {
      query.limit = limit;
      EXPECT_THAT(TextsOf(Take(reports.ReadStats(query))), ElementsAreArray(FirstOf(all, limit)))
          << SortKeyName(query.sort) << ", limit " << limit;
    }
  }
  const Texts all = TextsOf(Take(reports.ReadSlowCalls(filter, 0)));
  for (const size_t limit : kLimits) {
    EXPECT_THAT(TextsOf(Take(reports.ReadSlowCalls(filter, limit))),
                ElementsAreArray(FirstOf(all, limit)))
        << "slow calls, limit " << limit;
  }
}

TEST_P(ResultStoreContract, AnswersShortReportsAsLongOnes) {
  const Epoch epoch = TakeEpoch();
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    TyingRows rows(seed);
    Publish(epoch, kHour0, rows.Make(2 * kRankedMethods));  // Superseded from the second seed on.
    Publish(epoch, kHour1, rows.Make(rows.Below(50)));
    Publish(epoch, kHour2, rows.Make(kRankedMethods + 1));
    ExpectShortReportsAsLongOnes(reports(), {});
    RowFilter filter;
    filter.from_ms = kHour1.start_ms;
    filter.app = "app1";
    ExpectShortReportsAsLongOnes(reports(), filter);
  }
}

TEST_P(ResultStoreContract, FindsSlowCallsWhereNotAllMethodsKeepThem) {
  TyingRows make(7);
  std::vector<StatRow> rows = make.Make(2 * kRankedMethods);
  for (StatRow& row : rows) {
    if (row.stat.max_us > 1) row.slowest.clear();  // Those with the largest maximum.
  }
  const Epoch epoch = TakeEpoch();
  Publish(epoch, kHour0, rows);
  Publish(epoch, kHour1, make.Make(30));
  ExpectShortReportsAsLongOnes(reports(), {});
}

TEST_P(ResultStoreContract, AnswersShortReportsOfRunsWithoutARanking) {
  const Epoch epoch = TakeEpoch();
  TyingRows make(11);
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  Take(Commit(run, 0, Sorted(make.Make(30))));
  Expect(store().PublishRun(epoch, run.id, {}));
  Publish(epoch, kHour1, make.Make(30));
  ExpectShortReportsAsLongOnes(reports(), {});
}

TEST_P(ResultStoreContract, RefusesASlowestCallThatIsNotTheMaximum) {
  StatRow row = Method("a");
  row.slowest[0].duration_us = row.stat.max_us - 1;
  const RunRecord run = Take(store().PlanRun(TakeEpoch(), MakePlan(kHour0)));
  EXPECT_EQ(CodeOf(Commit(run, 0, {row})), StatusCode::kInternal);
}

}  // namespace
}  // namespace tymbal::testing
