// What every result store must do. The names of the invariants I1 to I9 are those of
// docs/architecture.md.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <filesystem>
#include <limits>
#include <optional>
#include <thread>

#include "common/sqlite_result_store.h"
#include "contract/result_store_contract.h"
#include "support/memory_result_store.h"

namespace tymbal::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MemoryHarness : public ResultStoreHarness {
 public:
  OpenedStore Open(std::function<int64_t()> now) override {
    auto store = std::make_unique<MemoryResultStore>(results_, std::move(now));
    ReportSource* const reports = store.get();
    return {std::move(store), reports};
  }
  bool AllowsThreads() const override { return false; }

 private:
  MemoryResults results_;
};

class SqliteHarness : public ResultStoreHarness {
 public:
  SqliteHarness() {
    std::string folder = ::testing::TempDir() + "tymbal-store-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = folder;
  }
  ~SqliteHarness() override { std::filesystem::remove_all(folder_); }
  OpenedStore Open(std::function<int64_t()> now) override {
    const std::string path = folder_ / "store.db";
    auto store =
        Take(SqliteResultStore::Open({.path = path, .create = true, .now = std::move(now)}));
    ReportSource* const reports = store.get();
    return {std::move(store), reports};
  }
  bool AllowsThreads() const override { return true; }

 private:
  std::filesystem::path folder_;
};

INSTANTIATE_TEST_SUITE_P(
    Embedded, ResultStoreContract,
    ::testing::Values(ResultStoreKind{"Memory", [] { return std::make_unique<MemoryHarness>(); }},
                      ResultStoreKind{"Sqlite", [] { return std::make_unique<SqliteHarness>(); }}),
    KindName);

// --- Epochs

TEST_P(ResultStoreContract, IssuesEpochsThatOnlyGrow) {
  OpenedStore other = Open();
  int64_t last = 0;
  for (int i = 0; i < 5; ++i) {
    for (ResultStore* issuer : {&store(), other.results.get()}) {
      const Epoch epoch = Take(issuer->TakeEpoch(NodeId{"n"}));
      EXPECT_GT(epoch.value, last);
      last = epoch.value;
    }
  }
}

TEST_P(ResultStoreContract, FencesAnOldEpochInEveryCallThatTakesOne) {
  const Epoch old = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(old, MakePlan(kHour0)));
  const RunRecord done = Take(store().PlanRun(old, MakePlan(kHour1)));
  Take(Commit(done, 0, {}));
  const RunRecord published = Publish(old, kHour2, {});
  Take(store().TakeEpoch(NodeId{"n2"}));

  EXPECT_EQ(CodeOf(store().PlanRun(old, MakePlan(kHour2))), StatusCode::kFenced);
  EXPECT_EQ(CodeOf(store().HandOver(old, run.id, 0, NodeId{"n3"})), StatusCode::kFenced);
  EXPECT_EQ(CodeOf(store().PublishRun(old, done.id, {})), StatusCode::kFenced);
  EXPECT_EQ(CodeOf(store().PublishRun(old, published.id, {})), StatusCode::kFenced);
  EXPECT_EQ(CodeOf(store().FailRun(old, run.id, "late")), StatusCode::kFenced);

  EXPECT_EQ(Take(store().ReadRun(run.id)).state, RunState::kOpen);
  EXPECT_EQ(Take(store().ReadRun(run.id)).fragments[0].token, run.fragments[0].token);
  EXPECT_EQ(Take(store().ReadRun(done.id)).state, RunState::kOpen);
  EXPECT_THAT(Take(store().ReadOpenRuns()), SizeIs(2));
}

TEST_P(ResultStoreContract, FencesAnEpochThatItNeverIssued) {
  EXPECT_EQ(CodeOf(store().PlanRun(Epoch{0}, MakePlan(kHour0))), StatusCode::kFenced);
  const Epoch epoch = TakeEpoch();
  const Epoch foreign{epoch.value + 1};  // From a store that this one replaced.
  EXPECT_EQ(CodeOf(store().PlanRun(foreign, MakePlan(kHour0))), StatusCode::kFenced);
}

TEST_P(ResultStoreContract, LetsANewMasterFinishTheRunOfAnOldOne) {
  const RunRecord run = Take(store().PlanRun(TakeEpoch(), MakePlan(kHour0)));
  const Epoch next = TakeEpoch();
  Take(Commit(run, 0, {Method("a")}));  // The worker knows nothing of the change.
  Expect(store().PublishRun(next, run.id, {}));
  EXPECT_THAT(ShownMethods(), ElementsAre("a"));
}

// --- Planning

TEST_P(ResultStoreContract, ReturnsThePlannedRunAsItStandsInTheLedger) {
  const Epoch epoch = TakeEpoch();
  const RunPlan plan = MakePlan(kHour1, 3);
  const RunRecord planned = Take(store().PlanRun(epoch, plan));
  const RunRecord stored = Take(Open().results->ReadRun(planned.id));
  for (const RunRecord& run : {planned, stored}) {
    EXPECT_EQ(run.id, planned.id);
    EXPECT_EQ(run.period, kHour1);
    EXPECT_EQ(run.attempt, 1);
    EXPECT_EQ(run.epoch, epoch);
    EXPECT_EQ(run.state, RunState::kOpen);
    EXPECT_EQ(run.reason, "");
    EXPECT_EQ(run.slots, plan.slots);
    EXPECT_EQ(run.input, plan.input);
    EXPECT_EQ(run.created_ms, now_ms_);
    EXPECT_EQ(run.published_ms, 0);
    ASSERT_THAT(run.fragments, SizeIs(3));
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(run.fragments[i].no, static_cast<int32_t>(i));
      EXPECT_EQ(run.fragments[i].slots, plan.fragments[i].slots);
      EXPECT_EQ(run.fragments[i].node, NodeId{"n1"});
      EXPECT_GT(run.fragments[i].token.value, 0);
      EXPECT_EQ(run.fragments[i].token, planned.fragments[i].token);
      EXPECT_EQ(run.fragments[i].state, FragmentState::kAssigned);
      EXPECT_EQ(run.fragments[i].coverage, Coverage());
      EXPECT_EQ(run.fragments[i].rows, 0U);
    }
  }
}

TEST_P(ResultStoreContract, CountsTheAttemptsOfEachPeriod) {
  const Epoch epoch = TakeEpoch();
  const RunRecord first = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  EXPECT_EQ(first.attempt, 1);
  Expect(store().FailRun(epoch, first.id, "no index"));
  const RunRecord second = Publish(epoch, kHour0, {});
  EXPECT_EQ(second.attempt, 2);
  EXPECT_EQ(Publish(epoch, kHour0, {}).attempt, 3);
  EXPECT_EQ(Publish(epoch, kHour1, {}).attempt, 1);
  EXPECT_GT(second.id, first.id);
}

TEST_P(ResultStoreContract, RefusesASecondOpenRunOfAPeriod) {
  const Epoch epoch = TakeEpoch();
  Publish(epoch, kHour0, {});
  Take(store().PlanRun(epoch, MakePlan(kHour0)));
  EXPECT_EQ(CodeOf(store().PlanRun(epoch, MakePlan(kHour0))), StatusCode::kConflict);
  EXPECT_THAT(Take(store().ReadOpenRuns()), SizeIs(1));
}

TEST_P(ResultStoreContract, RefusesAPeriodThatOverlapsAnotherWithOtherBounds) {
  const Epoch epoch = TakeEpoch();
  Take(store().PlanRun(epoch, MakePlan(kHour0)));
  Publish(epoch, kHour2, {});
  const int64_t minute = 60'000;
  for (const Period& period :
       std::vector<Period>{{kHour0.start_ms, kHour0.start_ms + minute},  // Inside of the open one.
                           {kHour0.end_ms - minute, kHour0.end_ms},
                           {kHour0.start_ms - minute, kHour0.start_ms + 1},
                           {kHour2.start_ms - minute, kHour2.end_ms},  // Around the published one.
                           {kHour2.start_ms, kHour2.end_ms + minute},
                           {kHour2.end_ms - 1, kHour2.end_ms + minute},
                           {kHour0.start_ms, kHour2.end_ms}}) {
    EXPECT_EQ(CodeOf(store().PlanRun(epoch, MakePlan(period))), StatusCode::kConflict)
        << period.start_ms << " to " << period.end_ms;
  }
  EXPECT_EQ(CodeOf(store().PlanRun(epoch, MakePlan(kHour1))), StatusCode::kOk) << "they only touch";
}

TEST_P(ResultStoreContract, AllowsOtherBoundsWhereEveryRunHasFailed) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  Expect(store().FailRun(epoch, run.id, "wrong period length"));
  const RunRecord half = Take(store().PlanRun(epoch, MakePlan({0, 1'800'000})));
  EXPECT_EQ(half.attempt, 2) << "attempts are counted by the start of the period";
}

TEST_P(ResultStoreContract, RefusesAPlanThatDoesNotTileTheSlots) {
  const Epoch epoch = TakeEpoch();
  const std::vector<std::vector<SlotRange>> wrong = {{},
                                                     {{0, 1023}},
                                                     {{1, 1024}},
                                                     {{0, 500}, {501, 1024}},
                                                     {{0, 500}, {499, 1024}},
                                                     {{0, 1025}},
                                                     {{0, 0}, {0, 1024}},
                                                     {{512, 1024}, {0, 512}},
                                                     {{0, 1024}, {1024, 1024}}};
  for (const std::vector<SlotRange>& ranges : wrong) {
    RunPlan plan = MakePlan(kHour0, 0);
    for (const SlotRange& slots : ranges) plan.fragments.push_back({slots, NodeId{"n1"}});
    EXPECT_EQ(CodeOf(store().PlanRun(epoch, plan)), StatusCode::kInternal) << ranges.size();
  }
  EXPECT_EQ(CodeOf(store().PlanRun(epoch, MakePlan({5, 5}))), StatusCode::kInternal);
  EXPECT_THAT(Take(store().ReadOpenRuns()), IsEmpty());
}

TEST_P(ResultStoreContract, ReadsOpenRunsOldestPeriodFirst) {
  const Epoch epoch = TakeEpoch();
  for (const Period& period : {kHour2, kHour0, kHour1}) {
    Take(store().PlanRun(epoch, MakePlan(period, 2)));
  }
  const RunRecord gone = Take(store().PlanRun(epoch, MakePlan({-3'600'000, 0})));
  Expect(store().FailRun(epoch, gone.id, "x"));
  const std::vector<RunRecord> open = Take(store().ReadOpenRuns());
  ASSERT_THAT(open, SizeIs(3));
  EXPECT_EQ(open[0].period, kHour0);
  EXPECT_EQ(open[1].period, kHour1);
  EXPECT_EQ(open[2].period, kHour2);
  EXPECT_THAT(open[2].fragments, SizeIs(2));
}

TEST_P(ResultStoreContract, SaysWhichRunOrFragmentIsUnknown) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  const RunId unknown{run.id.value + 1};
  const auto visit = [](const StatRow&) { return Status::Ok(); };
  EXPECT_EQ(CodeOf(store().ReadRun(unknown)), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(store().HandOver(epoch, unknown, 0, NodeId{"n"})), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(store().HandOver(epoch, run.id, 1, NodeId{"n"})), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(store().HandOver(epoch, run.id, -1, NodeId{"n"})), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(store().PublishRun(epoch, unknown, {})), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(store().FailRun(epoch, unknown, "")), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(store().PurgeRun(unknown)), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(store().VisitMethodRows(unknown, visit)), StatusCode::kNotFound);
  RunRecord wrong = run;
  wrong.id = unknown;
  EXPECT_EQ(CodeOf(Commit(wrong, 0, {})), StatusCode::kNotFound);
  wrong = run;
  wrong.fragments.resize(2);
  EXPECT_EQ(CodeOf(Commit(wrong, 1, {})), StatusCode::kNotFound);
  EXPECT_EQ(Take(store().ReadPublishedRun(kHour0.start_ms)).has_value(), false);
}

// --- Tokens and hand-over

TEST_P(ResultStoreContract, HandsAFragmentOverUnderAGrowingToken) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0, 2)));
  Token last = run.fragments[1].token;
  for (const char* node : {"n2", "n3", "n2"}) {
    const Token token = Take(store().HandOver(epoch, run.id, 1, NodeId{node}));
    EXPECT_GT(token, last);
    last = token;
    const FragmentRecord fragment = Take(store().ReadRun(run.id)).fragments[1];
    EXPECT_EQ(fragment.token, token);
    EXPECT_EQ(fragment.node, NodeId{node});
    EXPECT_EQ(fragment.slots, run.fragments[1].slots) << "I2: re-owned, never re-cut";
  }
  EXPECT_EQ(Take(store().ReadRun(run.id)).fragments[0].token, run.fragments[0].token);
}

TEST_P(ResultStoreContract, RefusesToHandOverWhatIsDoneOrEnded) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0, 2)));
  Take(Commit(run, 0, {}));
  EXPECT_EQ(CodeOf(store().HandOver(epoch, run.id, 0, NodeId{"n2"})), StatusCode::kConflict);
  Expect(store().FailRun(epoch, run.id, "stop"));
  EXPECT_EQ(CodeOf(store().HandOver(epoch, run.id, 1, NodeId{"n2"})), StatusCode::kConflict);
  const RunRecord published = Publish(epoch, kHour1, {});
  EXPECT_EQ(CodeOf(store().HandOver(epoch, published.id, 0, NodeId{"n2"})), StatusCode::kConflict);
}

TEST_P(ResultStoreContract, FencesTheOldTokenAndTakesTheNewOne) {
  const Epoch epoch = TakeEpoch();
  RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  const RunRecord zombie = run;
  run.fragments[0].token = Take(store().HandOver(epoch, run.id, 0, NodeId{"n2"}));

  EXPECT_EQ(CodeOf(Commit(zombie, 0, {Method("zombie")})), StatusCode::kFenced);
  EXPECT_THAT(VisitedRows(store(), run.id), IsEmpty());
  EXPECT_EQ(Take(store().ReadRun(run.id)).fragments[0].state, FragmentState::kAssigned);

  EXPECT_EQ(Take(Commit(run, 0, {Method("owner")})), CommitOutcome::kCommitted);
  EXPECT_EQ(CodeOf(Commit(zombie, 0, {Method("zombie")})), StatusCode::kFenced);
  EXPECT_EQ(VisitedRows(store(), run.id), WithoutSlowest({Method("owner")}));
}

TEST_P(ResultStoreContract, FencesATokenThatWasNeverIssued) {
  RunRecord run = Take(store().PlanRun(TakeEpoch(), MakePlan(kHour0)));
  for (const int64_t value : {int64_t{0}, int64_t{-1}, run.fragments[0].token.value + 1}) {
    run.fragments[0].token = Token{value};
    EXPECT_EQ(CodeOf(Commit(run, 0, {})), StatusCode::kFenced) << value;
  }
}

// --- Commit

TEST_P(ResultStoreContract, RecordsCoverageAndRowsOfADoneFragment) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0, 2)));
  EXPECT_EQ(Take(Commit(run, 1, Sorted({Method("a"), Method("b")}))), CommitOutcome::kCommitted);
  const RunRecord stored = Take(store().ReadRun(run.id));
  EXPECT_EQ(stored.fragments[0].state, FragmentState::kAssigned);
  const FragmentRecord& done = stored.fragments[1];
  EXPECT_EQ(done.state, FragmentState::kDone);
  EXPECT_EQ(done.rows, 2U);
  EXPECT_EQ(done.coverage.expected, 110U);
  EXPECT_EQ(done.coverage.read, 105U);
  EXPECT_EQ(done.coverage.rejected[RejectReason::kMissingApp], 4U);
  EXPECT_EQ(done.coverage.rejected[RejectReason::kRecordTooLong], 1U);
  EXPECT_EQ(done.coverage.rejected.Total(), 5U);
}

TEST_P(ResultStoreContract, TakesARepeatedCommitAsDoneAndWritesNothingTwice) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  const std::vector<StatRow> rows = {Method("a")};
  EXPECT_EQ(Take(Commit(run, 0, rows)), CommitOutcome::kCommitted);
  EXPECT_EQ(Take(Commit(run, 0, rows)), CommitOutcome::kAlreadyCommitted);
  EXPECT_EQ(Take(Commit(run, 0, {})), CommitOutcome::kAlreadyCommitted);
  EXPECT_EQ(VisitedRows(store(), run.id), WithoutSlowest(rows));
  Expect(store().PublishRun(epoch, run.id, {}));
  EXPECT_EQ(Take(Commit(run, 0, rows)), CommitOutcome::kAlreadyCommitted) << "a very late repeat";
  EXPECT_EQ(Take(store().ReadRun(run.id)).fragments[0].rows, 1U);
}

TEST_P(ResultStoreContract, FencesACommitIntoAFailedRun) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0, 2)));
  Take(Commit(run, 0, {Method("early")}));
  Expect(store().FailRun(epoch, run.id, "gave up"));
  EXPECT_EQ(CodeOf(Commit(run, 1, {Method("late")})), StatusCode::kFenced);
  EXPECT_EQ(Take(store().ReadRun(run.id)).fragments[1].state, FragmentState::kAssigned);
  EXPECT_THAT(VisitedRows(store(), run.id), SizeIs(1));
}

TEST_P(ResultStoreContract, ChangesNothingByACommitIntoASupersededRun) {
  const Epoch epoch = TakeEpoch();
  RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  const RunRecord zombie = run;
  run.fragments[0].token = Take(store().HandOver(epoch, run.id, 0, NodeId{"n2"}));
  Take(Commit(run, 0, {Method("old")}));
  Expect(store().PublishRun(epoch, run.id, {}));
  Publish(epoch, kHour0, {Method("new")});
  EXPECT_EQ(Take(Commit(run, 0, {Method("x")})), CommitOutcome::kAlreadyCommitted);
  EXPECT_EQ(CodeOf(Commit(zombie, 0, {Method("x")})), StatusCode::kFenced);
  EXPECT_EQ(VisitedRows(store(), run.id), WithoutSlowest({Method("old")}));
  EXPECT_THAT(ShownMethods(), ElementsAre("new"));
}

TEST_P(ResultStoreContract, GivesBackEveryNameByteForByte) {
  std::vector<StatRow> rows;
  const std::vector<std::string> names = {"",
                                          "a",
                                          "A",
                                          "a ",
                                          " a",
                                          std::string("a\0", 2),
                                          std::string("\0", 1),
                                          std::string("a\0b", 3),
                                          "\xff\xfe",
                                          "\xed\xa0\x80",
                                          "caf\xc3\xa9",
                                          "cafe\xcc\x81",
                                          "支付",
                                          "' OR 1=1 --",
                                          std::string(kNameBytesMax, 'x'),
                                          std::string(kNameBytesMax, '\xff')};
  for (const std::string& name : names) {
    rows.push_back(MakeMethodRow({name, "s", "m"}));
    rows.push_back(MakeMethodRow({"app", name, "m"}));
    rows.push_back(MakeMethodRow({"app", "s", name}));
    rows.back().slowest[0].trace_id = name;
    rows.back().slowest[0].span_id = name;
  }
  rows.push_back(MakeMethodRow({names.back(), names.back(), names.back()}));
  rows = Sorted(rows);
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Publish(epoch, kHour0, rows);
  EXPECT_EQ(VisitedRows(store(), run.id), WithoutSlowest(rows));

  StatQuery query;
  query.limit = 0;
  for (const std::string& name : names) {
    query.filter.method = name;
    size_t expected = 0;
    for (const StatRow& row : rows) expected += row.name.method == name ? 1 : 0;
    EXPECT_THAT(Take(reports().ReadStats(query)), SizeIs(expected)) << name.substr(0, 20);
    const std::vector<SlowReportRow> calls = Take(reports().ReadSlowCalls(query.filter, 0));
    ASSERT_FALSE(calls.empty());
    bool found = false;
    for (const SlowReportRow& call : calls) {
      found |= call.call.trace_id == name && call.call.span_id == name && call.name.app == "app";
    }
    EXPECT_TRUE(found) << name.substr(0, 20);
  }
}

TEST_P(ResultStoreContract, VisitsRowsInTheOrderOfUnsignedIds) {
  std::vector<StatRow> rows;
  for (const uint64_t id : {uint64_t{0}, uint64_t{1}, (uint64_t{1} << 63) - 1, uint64_t{1} << 63,
                            (uint64_t{1} << 63) + 1, UINT64_MAX}) {
    rows.push_back(Method(fmt::format("m{}", id)));
    rows.back().endpoint_id = id;
  }
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Publish(epoch, kHour0, rows, {MakeRow(Level::kApp, {"app", "", ""}, 5)});
  EXPECT_EQ(VisitedRows(store(), run.id), WithoutSlowest(rows)) << "method rows only";
}

TEST_P(ResultStoreContract, EndsAVisitAtTheFirstErrorAndReturnsIt) {
  const RunRecord run = Publish(TakeEpoch(), kHour0, {Method("a"), Method("b"), Method("c")});
  int visited = 0;
  const Status status = store().VisitMethodRows(run.id, [&visited](const StatRow&) {
    return ++visited == 2 ? BadInput("enough") : Status::Ok();
  });
  EXPECT_EQ(status.code(), StatusCode::kBadInput);
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(visited, 2);
  EXPECT_THAT(VisitedRows(store(), run.id), SizeIs(3)) << "and the store goes on";
}

TEST_P(ResultStoreContract, HoldsTheLargestStoredNumbersExactly) {
  StatRow row = Method("edge");
  EndpointStat& stat = row.stat;
  stat.calls = kStoredMax;
  stat.errors = kStoredMax - 1;
  stat.satisfied = 1;
  stat.tolerating = 0;
  stat.duration_sum_us = kStoredMax;
  stat.duration_sumsq = std::numeric_limits<double>::max();
  stat.min_us = 0;
  stat.percentile_us.fill(kStoredMax);
  stat.max_us = kStoredMax;
  stat.exact = false;
  stat.histogram = "";
  row.slowest = {{kStoredMax, std::numeric_limits<int64_t>::min(), true, "", ""},
                 {0, std::numeric_limits<int64_t>::max(), false, "", ""}};
  const RunRecord run = Publish(TakeEpoch(), kHour0, {row});
  EXPECT_EQ(VisitedRows(store(), run.id), WithoutSlowest({row}));
  const std::vector<SlowReportRow> calls = Take(reports().ReadSlowCalls({}, 0));
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_EQ(calls[0].call, row.slowest[0]);
  EXPECT_EQ(calls[1].call, row.slowest[1]);
  EXPECT_EQ(Take(reports().ReadPeriods(INT64_MIN, INT64_MAX))[0].calls, kStoredMax);
}

TEST_P(ResultStoreContract, RefusesNumbersThatItCannotHoldAndNamesTheEndpoint) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  const auto too_large = [](auto change) {
    StatRow row = Method("the-culprit");
    change(row);
    return row;
  };
  constexpr uint64_t kTooLarge = kStoredMax + 1;
  const std::vector<StatRow> wrong = {
      too_large([](StatRow& row) { row.stat.calls = kTooLarge; }),
      too_large([](StatRow& row) { row.stat.duration_sum_us = UINT64_MAX; }),
      too_large([](StatRow& row) { row.stat.max_us = kTooLarge; }),
      too_large([](StatRow& row) { row.slowest[0].duration_us = kTooLarge; }),
      too_large(
          [](StatRow& row) { row.stat.duration_sumsq = std::numeric_limits<double>::infinity(); }),
      too_large(
          [](StatRow& row) { row.stat.duration_sumsq = std::numeric_limits<double>::quiet_NaN(); }),
      too_large([](StatRow& row) { row.name.service.assign(kNameBytesMax + 1, 'x'); }),
  };
  for (const StatRow& row : wrong) {
    const Result<CommitOutcome> result = Commit(run, 0, Sorted({Method("fine"), row}));
    ASSERT_EQ(CodeOf(result), StatusCode::kInternal);
    EXPECT_THAT(result.error().message(), HasSubstr("the-culprit"));
  }
  EXPECT_THAT(VisitedRows(store(), run.id), IsEmpty());
  EXPECT_EQ(Take(Commit(run, 0, {})), CommitOutcome::kCommitted) << "nothing is left behind";
}

TEST_P(ResultStoreContract, RefusesRowsThatContradictThemselves) {
  const RunRecord run = Take(store().PlanRun(TakeEpoch(), MakePlan(kHour0)));
  const auto changed = [](auto change) {
    StatRow row = Method("odd");
    change(row.stat);
    return row;
  };
  for (const StatRow& row :
       {changed([](EndpointStat& stat) { stat.calls = 0; }),
        changed([](EndpointStat& stat) { stat.errors = stat.calls + 1; }),
        changed([](EndpointStat& stat) { stat.satisfied = stat.calls; }),
        changed([](EndpointStat& stat) { stat.tolerating = UINT64_MAX; }),
        changed([](EndpointStat& stat) { stat.min_us = stat.max_us + 1; }),
        changed([](EndpointStat& stat) { stat.percentile_us[3] = stat.max_us + 1; }),
        changed([](EndpointStat& stat) { stat.percentile_us[0] = stat.percentile_us[1] + 1; })}) {
    EXPECT_EQ(CodeOf(Commit(run, 0, {row})), StatusCode::kInternal);
  }
  EXPECT_EQ(CodeOf(Commit(run, 0, {MakeRow(Level::kApp, {"a", "", ""})})), StatusCode::kInternal);
  std::vector<StatRow> unsorted = Sorted({Method("a"), Method("b")});
  std::swap(unsorted[0], unsorted[1]);
  EXPECT_EQ(CodeOf(Commit(run, 0, unsorted)), StatusCode::kInternal);
  EXPECT_EQ(CodeOf(Commit(run, 0, {Method("a"), Method("a")})), StatusCode::kInternal);
  EXPECT_THAT(VisitedRows(store(), run.id), IsEmpty());
}

TEST_P(ResultStoreContract, DetectsTwoEndpointsWithOneIdAndNamesBoth) {
  const Epoch epoch = TakeEpoch();
  StatRow first = Method("first-name");
  StatRow second = Method("second-name");
  second.endpoint_id = first.endpoint_id;
  const auto expect_collision = [](const Status& status) {
    EXPECT_EQ(status.code(), StatusCode::kInternal);
    EXPECT_THAT(status.message(), HasSubstr("first-name"));
    EXPECT_THAT(status.message(), HasSubstr("second-name"));
  };
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0, 2)));
  expect_collision(Commit(run, 0, {first, second}).error());  // In one commit,
  Take(Commit(run, 0, {first}));
  expect_collision(Commit(run, 1, {second}).error());  // in another fragment,
  Take(Commit(run, 1, {}));
  Expect(store().PublishRun(epoch, run.id, {}));
  const RunRecord later = Take(store().PlanRun(epoch, MakePlan(kHour1)));
  expect_collision(Commit(later, 0, {second}).error());  // in another period,
  Take(Commit(later, 0, {first}));
  StatRow service = MakeRow(Level::kService, {"app", "second-name", ""});
  service.endpoint_id = first.endpoint_id;
  expect_collision(store().PublishRun(epoch, later.id, {{service}}));  // and among the levels.
  EXPECT_EQ(Take(store().ReadRun(later.id)).state, RunState::kOpen);
  EXPECT_EQ(VisitedRows(store(), later.id), WithoutSlowest({first}));
}

TEST_P(ResultStoreContract, RefusesTheSameEndpointFromTwoFragmentsOfARun) {
  const RunRecord run = Take(store().PlanRun(TakeEpoch(), MakePlan(kHour0, 2)));
  Take(Commit(run, 0, {Method("twice", 1)}));
  const Result<CommitOutcome> result = Commit(run, 1, Sorted({Method("twice", 2), Method("b")}));
  ASSERT_EQ(CodeOf(result), StatusCode::kInternal);
  EXPECT_THAT(result.error().message(), HasSubstr("twice"));
  EXPECT_EQ(VisitedRows(store(), run.id), WithoutSlowest({Method("twice", 1)}));
  EXPECT_EQ(Take(store().ReadRun(run.id)).fragments[1].state, FragmentState::kAssigned);
}

TEST_P(ResultStoreContract, NamesTheOneOfManyRowsThatItRefusesAndKeepsNoneOfThem) {
  const RunRecord run = Take(store().PlanRun(TakeEpoch(), MakePlan(kHour0, 2)));
  std::vector<StatRow> rows;
  for (int i = 0; i < 200; ++i) rows.push_back(Method(fmt::format("method-{}", i)));
  rows = Sorted(rows);
  const std::vector<StatRow> first = {rows[99]};
  Take(Commit(run, 0, first));
  const Result<CommitOutcome> result = Commit(run, 1, rows);
  ASSERT_EQ(CodeOf(result), StatusCode::kInternal);
  EXPECT_THAT(result.error().message(), HasSubstr(first.front().name.method));
  EXPECT_EQ(VisitedRows(store(), run.id), WithoutSlowest(first));
  rows.erase(rows.begin() + 99);
  Take(Commit(run, 1, rows));
  EXPECT_THAT(VisitedRows(store(), run.id), SizeIs(200));
}

/// Feeds rows some at a time, and then ends with a status.
RowFeed InPieces(std::vector<std::vector<StatRow>> pieces, Status end = Status::Ok()) {
  return RowFeed([pieces = std::move(pieces), end](const RowFeed::Take& take) {
    for (const std::vector<StatRow>& rows : pieces) TYMBAL_RETURN_IF_ERROR(take(rows));
    return end;
  });
}

TEST_P(ResultStoreContract, CommitsRowsThatComeSomeAtATime) {
  const RunRecord run = Take(store().PlanRun(TakeEpoch(), MakePlan(kHour0)));
  std::vector<StatRow> rows;
  for (int i = 0; i < 300; ++i) rows.push_back(Method(fmt::format("method-{}", i)));
  rows = Sorted(rows);
  const auto piece = [&rows](size_t from, size_t to) {
    return std::vector<StatRow>(rows.begin() + static_cast<ptrdiff_t>(from),
                                rows.begin() + static_cast<ptrdiff_t>(to));
  };
  Take(CommitFed(run, 0, InPieces({{}, piece(0, 1), piece(1, 150), {}, piece(150, 300)})));
  EXPECT_EQ(VisitedRows(store(), run.id), WithoutSlowest(rows));
  EXPECT_EQ(Take(store().ReadRun(run.id)).fragments[0].rows, 300U);
}

TEST_P(ResultStoreContract, KeepsNoRowOfACommitThatEndsWithAnError) {
  const RunRecord run = Take(store().PlanRun(TakeEpoch(), MakePlan(kHour0)));
  const std::vector<StatRow> rows = Sorted({Method("a"), Method("b"), Method("c")});
  const auto failed = CommitFed(run, 0, InPieces({{rows[0]}, {rows[1]}}, Exhausted("too much")));
  ASSERT_EQ(CodeOf(failed), StatusCode::kExhausted);
  EXPECT_THAT(failed.error().message(), HasSubstr("too much"));

  // What is wrong between pieces is found, too.
  EXPECT_EQ(CodeOf(CommitFed(run, 0, InPieces({{rows[1]}, {rows[0]}}))), StatusCode::kInternal);
  const auto twice = CommitFed(run, 0, InPieces({{rows[0], rows[1]}, {rows[1], rows[2]}}));
  ASSERT_EQ(CodeOf(twice), StatusCode::kInternal);
  EXPECT_THAT(twice.error().message(), HasSubstr("twice"));
  StatRow most = rows[0];
  most.stat.calls = kStoredMax;
  most.slowest.clear();
  EXPECT_EQ(CodeOf(CommitFed(run, 0, InPieces({{most}, {rows[1]}}))), StatusCode::kInternal);

  EXPECT_THAT(VisitedRows(store(), run.id), IsEmpty());
  EXPECT_EQ(Take(store().ReadRun(run.id)).fragments[0].state, FragmentState::kAssigned);
  Take(CommitFed(run, 0, InPieces({{rows[0]}, {rows[1]}, {rows[2]}})));
  EXPECT_THAT(VisitedRows(store(), run.id), SizeIs(3));
}

TEST_P(ResultStoreContract, CommitsDifferentFragmentsThroughTwoObjectsAtOnce) {
  const Epoch epoch = TakeEpoch();
  constexpr uint32_t kFragments = 16;
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0, kFragments)));
  std::array<OpenedStore, 2> stores = {Open(), Open()};
  const auto commit_share = [&run, &stores](size_t share) {
    for (size_t no = share; no < kFragments; no += 2) {
      std::vector<StatRow> rows;
      for (int i = 0; i < 50; ++i) rows.push_back(Method(fmt::format("{}.{}", no, i)));
      rows = Sorted(rows);
      FragmentCommit commit;
      commit.run = run.id;
      commit.fragment_no = static_cast<int32_t>(no);
      commit.token = run.fragments[no].token;
      commit.rows = &rows;
      const Result<CommitOutcome> result = stores[share].results->CommitFragment(commit);
      ASSERT_TRUE(result.has_value()) << result.error().message();
      EXPECT_EQ(*result, CommitOutcome::kCommitted);
    }
  };
  if (harness_->AllowsThreads()) {
    std::thread other([&commit_share] { commit_share(1); });
    commit_share(0);
    other.join();
  } else {
    commit_share(0);
    commit_share(1);
  }
  Expect(store().PublishRun(epoch, run.id, {}));
  EXPECT_THAT(ShownMethods(), SizeIs(50 * kFragments));
}

TEST_P(ResultStoreContract, LetsOneOfTwoRivalsCommitAFragment) {
  const Epoch epoch = TakeEpoch();
  if (!harness_->AllowsThreads()) GTEST_SKIP() << "one thread only";
  for (int round = 0; round < 20; ++round) {
    const Period period = {round * 1'000, (round + 1) * 1'000};
    const RunRecord run = Take(store().PlanRun(epoch, MakePlan(period)));
    OpenedStore rival = Open();
    std::optional<Result<CommitOutcome>> late;
    const std::vector<StatRow> rows = {Method("old owner")};
    std::thread other([&] {
      FragmentCommit commit;
      commit.run = run.id;
      commit.token = run.fragments[0].token;
      commit.rows = &rows;
      late = rival.results->CommitFragment(commit);
    });
    const Result<Token> token = store().HandOver(epoch, run.id, 0, NodeId{"n2"});
    other.join();
    // Whoever came first: exactly one of them succeeded.
    EXPECT_NE(token.has_value(), late->has_value());
    EXPECT_EQ(VisitedRows(store(), run.id).size(), late->has_value() ? 1U : 0U);
  }
}

// --- Publishing

TEST_P(ResultStoreContract, ShowsARunOnlyOncePublished) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0, 2)));
  Take(Commit(run, 0, {Method("a")}));
  EXPECT_THAT(ShownMethods(), IsEmpty());
  Take(Commit(run, 1, {Method("b")}));
  EXPECT_THAT(ShownMethods(), IsEmpty());
  EXPECT_THAT(Take(reports().ReadSlowCalls({}, 0)), IsEmpty());
  EXPECT_EQ(Take(reports().LastPublishedStart()), std::nullopt);

  now_ms_ += 5'000;
  Expect(store().PublishRun(epoch, run.id, {}));
  EXPECT_THAT(ShownMethods(), ElementsAre("a", "b"));
  EXPECT_THAT(Take(reports().ReadSlowCalls({}, 0)), SizeIs(4));
  EXPECT_EQ(Take(reports().LastPublishedStart()), kHour0.start_ms);
  const std::optional<RunRecord> published = Take(store().ReadPublishedRun(kHour0.start_ms));
  ASSERT_TRUE(published.has_value());
  EXPECT_EQ(published->id, run.id);
  EXPECT_EQ(published->state, RunState::kPublished);
  EXPECT_EQ(published->published_ms, now_ms_);
  EXPECT_THAT(published->fragments, SizeIs(2));
  EXPECT_THAT(Take(store().ReadOpenRuns()), IsEmpty());
}

TEST_P(ResultStoreContract, RefusesToPublishBeforeEveryFragmentIsDone) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0, 3)));
  Take(Commit(run, 0, {Method("a")}));
  Take(Commit(run, 2, {Method("c")}));
  EXPECT_EQ(CodeOf(store().PublishRun(epoch, run.id, {})), StatusCode::kConflict);
  EXPECT_EQ(Take(store().ReadRun(run.id)).state, RunState::kOpen);
  EXPECT_THAT(ShownMethods(), IsEmpty());
}

TEST_P(ResultStoreContract, PublishesTwiceWithTheEffectOfOnce) {
  const Epoch epoch = TakeEpoch();
  const std::vector<StatRow> rollup = {MakeRow(Level::kApp, {"app", "", ""}, 3)};
  const RunRecord run = Publish(epoch, kHour0, {Method("a")}, rollup);
  const int64_t published_ms = now_ms_;
  now_ms_ += 1'000;
  Expect(store().PublishRun(epoch, run.id, {rollup}));
  Expect(store().PublishRun(TakeEpoch(), run.id, {}));
  EXPECT_EQ(Take(store().ReadRun(run.id)).published_ms, published_ms);
  StatQuery query;
  query.level = Level::kApp;
  EXPECT_THAT(Take(reports().ReadStats(query)), SizeIs(1));
}

TEST_P(ResultStoreContract, ShowsTheOldRunUntilTheNewOneIsPublished) {
  const Epoch epoch = TakeEpoch();
  const RunRecord old = Publish(epoch, kHour0, {Method("old"), Method("both", 1)},
                                {MakeRow(Level::kApp, {"app", "", ""}, 1)});
  const auto expect_old = [&] {
    EXPECT_THAT(ShownMethods(), ElementsAre("both", "old"));
    EXPECT_EQ(Take(reports().ReadPeriods(INT64_MIN, INT64_MAX))[0].run, old.id);
    EXPECT_EQ(Take(store().ReadPublishedRun(0))->id, old.id);
  };
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0, 2)));
  expect_old();
  Take(Commit(run, 0, {Method("both", 2)}));
  expect_old();
  Take(Commit(run, 1, {Method("new")}));
  expect_old();
  Expect(store().PublishRun(epoch, run.id, {{MakeRow(Level::kApp, {"app", "", ""}, 2)}}));
  EXPECT_THAT(ShownMethods(), ElementsAre("both", "new"));
  EXPECT_EQ(Take(store().ReadRun(old.id)).state, RunState::kSuperseded);
  EXPECT_EQ(Take(store().ReadPublishedRun(0))->id, run.id);
  StatQuery query;
  query.level = Level::kApp;
  const std::vector<StatReportRow> apps = Take(reports().ReadStats(query));
  ASSERT_THAT(apps, SizeIs(1));
  EXPECT_EQ(apps[0].row.stat.calls, 102U);
}

TEST_P(ResultStoreContract, KeepsTheOldRunWhenTheNewOneFails) {
  const Epoch epoch = TakeEpoch();
  const RunRecord old = Publish(epoch, kHour0, {Method("old")});
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  Take(Commit(run, 0, {Method("new")}));
  Expect(store().FailRun(epoch, run.id, "rolled back"));
  EXPECT_THAT(ShownMethods(), ElementsAre("old"));
  EXPECT_EQ(Take(store().ReadPublishedRun(0))->id, old.id);
  EXPECT_EQ(CodeOf(store().PublishRun(epoch, run.id, {})), StatusCode::kConflict);
}

TEST_P(ResultStoreContract, RefusesToPublishASupersededRunAgain) {
  const Epoch epoch = TakeEpoch();
  const RunRecord old = Publish(epoch, kHour0, {Method("old")});
  Publish(epoch, kHour0, {Method("new")});
  EXPECT_EQ(CodeOf(store().PublishRun(epoch, old.id, {})), StatusCode::kConflict);
  EXPECT_EQ(CodeOf(store().FailRun(epoch, old.id, "")), StatusCode::kConflict);
  EXPECT_THAT(ShownMethods(), ElementsAre("new"));
}

TEST_P(ResultStoreContract, RefusesRollupRowsThatAreNoRollup) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  Take(Commit(run, 0, {}));
  const StatRow app = MakeRow(Level::kApp, {"app", "", ""});
  StatRow negative = app;
  negative.stat.calls = UINT64_MAX;
  for (const std::vector<StatRow>& rows :
       std::vector<std::vector<StatRow>>{{Method("m")},
                                         {MakeRow(Level::kService, {"app", "s", "m"})},
                                         {MakeRow(Level::kApp, {"app", "s", ""})},
                                         {app, MakeRow(Level::kService, {"app", "s", ""}), app},
                                         {negative}}) {
    EXPECT_EQ(CodeOf(store().PublishRun(epoch, run.id, {rows})), StatusCode::kInternal);
  }
  EXPECT_EQ(Take(store().ReadRun(run.id)).state, RunState::kOpen);
  Expect(store().PublishRun(epoch, run.id, {{app, MakeRow(Level::kService, {"app", "", ""})}}));
}

// --- Failing and purging

TEST_P(ResultStoreContract, RecordsWhyARunFailedOnce) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  Expect(store().FailRun(epoch, run.id, "index spans-2026 is missing"));
  Expect(store().FailRun(epoch, run.id, "another reason"));
  const RunRecord failed = Take(store().ReadRun(run.id));
  EXPECT_EQ(failed.state, RunState::kFailed);
  EXPECT_EQ(failed.reason, "index spans-2026 is missing");
  EXPECT_EQ(failed.published_ms, 0);
  EXPECT_THAT(Take(store().ReadOpenRuns()), IsEmpty());
  const RunRecord published = Publish(epoch, kHour1, {});
  EXPECT_EQ(CodeOf(store().FailRun(epoch, published.id, "late")), StatusCode::kConflict);
}

TEST_P(ResultStoreContract, PurgesResultsButKeepsTheLedger) {
  const Epoch epoch = TakeEpoch();
  const RunRecord old =
      Publish(epoch, kHour0, {Method("a"), Method("b")}, {MakeRow(Level::kApp, {"app", "", ""})});
  EXPECT_EQ(CodeOf(store().PurgeRun(old.id)), StatusCode::kConflict) << "published";
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  EXPECT_EQ(CodeOf(store().PurgeRun(run.id)), StatusCode::kConflict) << "open";
  Take(Commit(run, 0, {Method("a")}));
  Expect(store().PublishRun(epoch, run.id, {}));

  Expect(store().PurgeRun(old.id));
  Expect(store().PurgeRun(old.id));
  EXPECT_THAT(VisitedRows(store(), old.id), IsEmpty());
  EXPECT_EQ(Take(store().ReadRun(old.id)).fragments[0].rows, 2U);
  EXPECT_EQ(VisitedRows(store(), run.id), WithoutSlowest({Method("a")}));
  EXPECT_THAT(ShownMethods(), ElementsAre("a"));
  EXPECT_THAT(Take(reports().ReadSlowCalls({}, 0)), SizeIs(2));

  const RunRecord failed = Take(store().PlanRun(epoch, MakePlan(kHour1)));
  Take(Commit(failed, 0, {Method("c")}));
  Expect(store().FailRun(epoch, failed.id, "x"));
  Expect(store().PurgeRun(failed.id));
  EXPECT_THAT(VisitedRows(store(), failed.id), IsEmpty());
}

TEST_P(ResultStoreContract, GoesOnWithAnOpenRunAfterReopening) {
  RunRecord run;
  {
    OpenedStore first = Open();
    const Epoch epoch = Take(first.results->TakeEpoch(NodeId{"n1"}));
    run = Take(first.results->PlanRun(epoch, MakePlan(kHour0, 2)));
  }
  Take(Commit(run, 0, {Method("a")}));
  opened_ = OpenedStore();  // The last object is closed.
  opened_ = Open();
  const std::vector<RunRecord> open = Take(store().ReadOpenRuns());
  ASSERT_THAT(open, SizeIs(1));
  EXPECT_EQ(open[0].fragments[0].state, FragmentState::kDone);
  EXPECT_EQ(open[0].fragments[1].state, FragmentState::kAssigned);
  const Epoch epoch = TakeEpoch();
  EXPECT_GT(epoch, run.epoch);
  Take(Commit(open[0], 1, {Method("b")}));
  Expect(store().PublishRun(epoch, run.id, {}));
  EXPECT_THAT(ShownMethods(), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace tymbal::testing
