// What a cluster keeps in its store beside the runs: where its periods begin, and what became of
// each. Part of the contract of every result store.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/result_store_contract.h"

namespace tymbal::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

TEST_P(ResultStoreContract, IssuesEpochsAboveWhatOthersHaveSeen) {
  const Epoch first = TakeEpoch();
  const Epoch above{first.value + 50};  // Of before the store was restored from a backup.
  EXPECT_EQ(Take(store().TakeEpoch(NodeId{"n"}, above)).value, above.value + 1);
  EXPECT_EQ(Take(store().TakeEpoch(NodeId{"n"}, above)).value, above.value + 2);
  EXPECT_EQ(CodeOf(store().PlanRun(first, MakePlan(kHour0))), StatusCode::kFenced);
}

TEST_P(ResultStoreContract, TheFirstPeriodIsThatOfTheFirstProposalForEver) {
  EXPECT_EQ(Take(store().ReadFirstPeriod()), std::nullopt);
  const Epoch old = TakeEpoch();
  EXPECT_EQ(Take(store().FixFirstPeriod(old, 7'200'000)), 7'200'000);
  EXPECT_EQ(Take(store().FixFirstPeriod(old, 0)), 7'200'000);
  const Epoch epoch = TakeEpoch();
  EXPECT_EQ(CodeOf(store().FixFirstPeriod(old, 0)), StatusCode::kFenced);
  EXPECT_EQ(Take(Open().results->FixFirstPeriod(epoch, 0)), 7'200'000);
  EXPECT_EQ(Take(store().ReadFirstPeriod()), 7'200'000);
}

TEST_P(ResultStoreContract, TheLedgerNamesTheRunThatCountsForEachPeriod) {
  const Epoch epoch = TakeEpoch();
  const RunRecord failed = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  Expect(store().FailRun(epoch, failed.id, "no index"));
  const RunRecord again = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  Expect(store().FailRun(epoch, again.id, "still no index"));
  Publish(epoch, kHour1, {Method("a")});
  const RunRecord newer = Publish(epoch, kHour1, {Method("b")});
  const RunRecord open = Take(store().PlanRun(epoch, MakePlan(kHour1)));
  const RunRecord last = Take(store().PlanRun(epoch, MakePlan(kHour2)));

  const std::vector<PeriodLedger> all = Take(store().ReadLedger(0, 10));
  ASSERT_THAT(all,
              ElementsAre(Field(&PeriodLedger::run, again.id), Field(&PeriodLedger::run, newer.id),
                          Field(&PeriodLedger::run, last.id)));
  EXPECT_EQ(all[0].state, RunState::kFailed);
  EXPECT_EQ(all[0].reason, "still no index");
  EXPECT_EQ(all[0].attempt, 2);
  EXPECT_EQ(all[0].created_ms, now_ms_);
  EXPECT_EQ(all[1].state, RunState::kPublished);
  EXPECT_EQ(all[1].period, kHour1);
  EXPECT_EQ(all[1].published_ms, now_ms_);
  EXPECT_EQ(all[2].state, RunState::kOpen);
  EXPECT_EQ(all[2].published_ms, 0);
  EXPECT_THAT(Take(store().ReadLedger(0, 2)), ElementsAre(Field(&PeriodLedger::run, again.id),
                                                          Field(&PeriodLedger::run, newer.id)));
  EXPECT_THAT(Take(store().ReadLedger(kHour1.end_ms, 10)),
              ElementsAre(Field(&PeriodLedger::run, last.id)));
  EXPECT_THAT(Take(store().ReadLedger(kHour2.end_ms, 10)), IsEmpty());
}

TEST_P(ResultStoreContract, AFragmentMaySayHowManyRecordsHaveNoPeriod) {
  const Epoch epoch = TakeEpoch();
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0)));
  const uint64_t before = Take(store().ReadRun(run.id)).input.unplaced;
  const std::vector<StatRow> none;
  FragmentCommit commit;
  commit.run = run.id;
  commit.token = run.fragments[0].token;
  commit.rows = &none;
  commit.unplaced = before + 17;
  Take(store().CommitFragment(commit));
  EXPECT_EQ(Take(store().ReadRun(run.id)).input.unplaced, before + 17);
}

TEST_P(ResultStoreContract, AFragmentRemembersWhenItWasGivenAndDone) {
  const Epoch epoch = TakeEpoch();
  const int64_t planned_ms = now_ms_;
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(kHour0, 2)));
  EXPECT_EQ(run.fragments[1].started_ms, planned_ms);
  now_ms_ += 1000;
  const Token token = Take(store().HandOver(epoch, run.id, 0, NodeId{"n2"}));
  now_ms_ += 500;
  const std::vector<StatRow> none;
  FragmentCommit commit;
  commit.run = run.id;
  commit.token = token;
  commit.rows = &none;
  Take(store().CommitFragment(commit));
  const RunRecord now = Take(store().ReadRun(run.id));
  EXPECT_EQ(now.fragments[0].started_ms, planned_ms + 1000);
  EXPECT_EQ(now.fragments[0].done_ms, planned_ms + 1500);
  EXPECT_EQ(now.fragments[1].started_ms, planned_ms);
  EXPECT_EQ(now.fragments[1].done_ms, 0);
}

}  // namespace
}  // namespace tymbal::testing
