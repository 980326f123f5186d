#include <gmock/gmock.h>

#include "common/znode_records.h"
#include "contract/coordinator_contract.h"
#include "contract/coordinator_harness.h"

namespace tymbal::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Topic = Coordinator::Topic;

// --- Members

TEST_P(CoordinatorContract, AMemberIsListedWithAllItSaysOnceItHasJoined) {
  EXPECT_THAT(a().MemberNames(), IsEmpty());
  const Member self = a().Self();
  ASSERT_TRUE(a().Join(self).ok());
  auto members = a().Members();
  ASSERT_TRUE(members.has_value());
  ASSERT_EQ(members->size(), 1U);
  members->front().heard_ms = 0;
  members->front().joined_ms = 0;
  EXPECT_EQ(members->front(), self);
}

TEST_P(CoordinatorContract, JoiningAgainReplacesWhatIsKnownWithoutAHint) {
  Member self = a().Self();
  ASSERT_TRUE(a().Join(self).ok());
  (void)a().Members();
  for (uint64_t spans = 1; spans <= 3; ++spans) {
    self.spans_read = spans;
    ASSERT_TRUE(a().Join(self).ok());
  }
  EXPECT_THAT(a().hints, IsEmpty());
  EXPECT_EQ(a().Members()->front().spans_read, 3U);
}

TEST_P(ClusterContract, EachWordOfAMemberSaysAnewHowItsClockGoes) {
  ASSERT_TRUE(a().Join(a().Self()).ok());
  const int64_t first_ms = a().Members()->front().heard_ms;
  EXPECT_GT(first_ms, 0);
  EXPECT_EQ(a().Members()->front().joined_ms, first_ms);
  bool later = false;
  loop_.After(std::chrono::milliseconds(50), [&later] { later = true; });
  a().Until([&later] { return later; });
  ASSERT_TRUE(a().Join(a().Self()).ok());
  EXPECT_GE(a().Members()->front().heard_ms, first_ms + 50);
  EXPECT_EQ(a().Members()->front().joined_ms, first_ms);
}

TEST_P(ClusterContract, EveryoneHearsOfMembersThatComeAndGo) {
  ASSERT_TRUE(a().Join(a().Self()).ok());
  (void)a().Members();
  ASSERT_TRUE(b().Join(b().Self()).ok());
  a().AwaitHint(Topic::kMembers);
  a().ExpectMembers({"a", "b"});
  a().hints.clear();
  ASSERT_TRUE(b().Stop().ok());
  a().AwaitHint(Topic::kMembers);
  EXPECT_THAT(a().MemberNames(), ElementsAre("a"));
  b_.reset();
}

TEST_P(ClusterContract, ASecondNodeOfTheSameIdIsAConflictThatNamesTheFirst) {
  ASSERT_TRUE(a().Join(a().Self()).ok());
  const Status status = b().Join(a().Self("2"));
  EXPECT_EQ(status.code(), StatusCode::kConflict);
  EXPECT_THAT(status.message(), HasSubstr("the process 4711 on host of a"));
  ASSERT_TRUE(a().Stop().ok());
  EXPECT_TRUE(b().Join(a().Self("2")).ok()) << "its session is over";
  a_.reset();
}

TEST_P(ClusterContract, AMemberThatAnOperatorRemovedIsBackWithItsNextWord) {
  ASSERT_TRUE(a().Join(a().Self()).ok());
  harness_->Remove("instances/a");
  a().ExpectMembers({});
  ASSERT_TRUE(a().Join(a().Self()).ok());
  EXPECT_THAT(a().MemberNames(), ElementsAre("a"));
}

// --- Mastership

TEST_P(CoordinatorContract, TheFirstToCampaignIsMasterUntilItResigns) {
  EXPECT_EQ(a().Master(), "nobody");
  EXPECT_EQ(a().Campaign().value(), a().AsMaster());
  EXPECT_EQ(a().Campaign().value(), a().AsMaster()) << "again is harmless";
  ASSERT_TRUE(a().Resign().ok());
  EXPECT_EQ(a().Master(), "nobody");
  ASSERT_TRUE(a().Resign().ok()) << "not master: does nothing";
}

TEST_P(ClusterContract, MastershipPassesOnWhenTheMastersSessionEnds) {
  ASSERT_TRUE(a().Campaign().has_value());
  EXPECT_EQ(b().Campaign()->node.value, "a");
  EXPECT_EQ(b().Master(), "a");
  harness_->ExpireSession("a");
  b().AwaitHint(Topic::kMaster);
  EXPECT_EQ(b().Campaign()->node.value, "b");
  a().Until([this] { return a().expired == 1 && a().live; });
  a().ExpectMaster("b");
  EXPECT_EQ(a().Campaign()->node.value, "b");
}

TEST_P(ClusterContract, AMasterHearsThatAnOperatorRemovedIt) {
  ASSERT_TRUE(a().Campaign().has_value());
  EXPECT_EQ(a().Master(), "a");
  harness_->Remove("master");
  a().AwaitHint(Topic::kMaster);
  EXPECT_EQ(a().Master(), "nobody");
  EXPECT_EQ(a().Claim({1}).code(), StatusCode::kFenced);
}

// --- The board

TEST_P(CoordinatorContract, ATaskIsReadAsItWasPublished) {
  EXPECT_EQ(a().ReadTask().value(), std::nullopt);
  ASSERT_TRUE(a().Campaign().has_value());
  EXPECT_EQ(a().BoardEpoch(), Epoch{0});
  ASSERT_TRUE(a().Claim({3}).ok());
  EXPECT_EQ(a().BoardEpoch(), Epoch{3});
  ASSERT_TRUE(a().Publish(TaskOf({3}, {11})).ok());
  EXPECT_EQ(a().ReadTask().value(), TaskOf({3}, {11}));
  ASSERT_TRUE(a().Publish(TaskOf({3}, {12})).ok());
  EXPECT_EQ(a().ReadTask().value(), TaskOf({3}, {12}));
}

TEST_P(CoordinatorContract, OnlyTheMasterClaimsTheBoard) {
  EXPECT_EQ(a().Claim({1}).code(), StatusCode::kFenced);
}

TEST_P(ClusterContract, ANodeDoesNotClaimTheBoardOfAnother) {
  ASSERT_TRUE(b().Campaign().has_value());
  EXPECT_EQ(a().Claim({1}).code(), StatusCode::kFenced);
  EXPECT_TRUE(b().Claim({1}).ok());
  a().ExpectMaster("b");
}

TEST_P(CoordinatorContract, AnOldEpochIsFencedI4) {
  ASSERT_TRUE(a().Campaign().has_value());
  ASSERT_TRUE(a().Claim({5}).ok());
  ASSERT_TRUE(a().Claim({5}).ok()) << "the reply to the first may have been lost";
  EXPECT_EQ(a().Claim({4}).code(), StatusCode::kFenced);
  EXPECT_EQ(a().Publish(TaskOf({4}, {1})).code(), StatusCode::kFenced);
  EXPECT_TRUE(a().Publish(TaskOf({5}, {1})).ok());
}

TEST_P(ClusterContract, AMasterOfBeforeCannotPublishAfterTheNextHasClaimedI4) {
  ASSERT_TRUE(a().Campaign().has_value());
  ASSERT_TRUE(a().Claim({5}).ok());
  harness_->Remove("master");
  ASSERT_TRUE(b().Campaign().has_value());
  ASSERT_TRUE(b().Claim({6}).ok());
  ASSERT_TRUE(b().Publish(TaskOf({6}, {2})).ok());
  EXPECT_EQ(a().Publish(TaskOf({5}, {1})).code(), StatusCode::kFenced);
  EXPECT_EQ(a().ReadTask().value(), TaskOf({6}, {2}));
}

TEST_P(CoordinatorContract, AReadArmsOneHintAndOnlyOne) {
  ASSERT_TRUE(a().Campaign().has_value());
  ASSERT_TRUE(a().Claim({1}).ok());
  (void)a().ReadTask();
  for (int64_t run = 1; run <= 3; ++run) ASSERT_TRUE(a().Publish(TaskOf({1}, {run})).ok());
  a().AwaitHint(Topic::kTask);
  EXPECT_THAT(a().hints, ElementsAre(Topic::kTask));
}

TEST_P(ClusterContract, WhatIsTooBigIsRefusedAndTheSessionLives) {
  ASSERT_TRUE(a().Campaign().has_value());
  ASSERT_TRUE(a().Claim({1}).ok());
  Task task = TaskOf({1}, {1});
  task.fragments[0].node.value.assign(kZnodeBytesMax, 'x');
  EXPECT_EQ(a().Publish(task).code(), StatusCode::kExhausted);
  EXPECT_TRUE(a().live);
  EXPECT_EQ(a().suspended, 0);
  EXPECT_TRUE(a().Publish(TaskOf({1}, {2})).ok());
}

// --- Progress

TEST_P(CoordinatorContract, ProgressIsKeptByRunUntilItIsCleared) {
  EXPECT_THAT(a().ReadProgress({1}), IsEmpty());
  ASSERT_TRUE(a().Report({1}, 2, {{9}, ""}).ok());
  a().AwaitHint(Topic::kProgress);
  ASSERT_TRUE(a().Report({1}, 0, {{1}, "no \"index\"\n"}).ok());
  ASSERT_TRUE(a().Report({2}, 0, {{4}, ""}).ok());
  EXPECT_EQ(a().ReadProgress({1}),
            (std::map<int32_t, Progress>{{0, {{1}, "no \"index\"\n"}}, {2, {{9}, ""}}}));
  ASSERT_TRUE(a().Clear(RunId{2}).ok());
  EXPECT_THAT(a().ReadProgress({1}), IsEmpty());
  EXPECT_EQ(a().ReadProgress({2}).size(), 1U);
  ASSERT_TRUE(a().Clear({}).ok());
  EXPECT_THAT(a().ReadProgress({2}), IsEmpty());
}

TEST_P(CoordinatorContract, ANewerTokenReplacesWhatWasSaidAndAnOlderDoesNot) {
  ASSERT_TRUE(a().Report({1}, 0, {{2}, "failed"}).ok());
  (void)a().ReadProgress({1});
  ASSERT_TRUE(a().Report({1}, 0, {{1}, "late"}).ok());
  EXPECT_EQ(a().ReadProgress({1}).at(0), (Progress{{2}, "failed"}));
  a().hints.clear();
  ASSERT_TRUE(a().Report({1}, 0, {{3}, ""}).ok());
  a().AwaitHint(Topic::kProgress);
  EXPECT_EQ(a().ReadProgress({1}).at(0), (Progress{{3}, ""}));
}

// --- The switch

TEST_P(CoordinatorContract, TheSwitchIsOffUntilItIsUsedAndGivesAHint) {
  EXPECT_EQ(a().ReadControl(), Control{});
  const Control paused{true, "maintenance", 17};
  ASSERT_TRUE(a().Write(paused).ok());
  a().AwaitHint(Topic::kControl);
  EXPECT_EQ(a().ReadControl(), paused);
  ASSERT_TRUE(a().Write(Control{}).ok());
  EXPECT_EQ(a().ReadControl(), Control{});
}

// --- Sessions

TEST_P(CoordinatorContract, StopEndsMembershipAndMastership) {
  ASSERT_TRUE(a().Join(a().Self()).ok());
  ASSERT_TRUE(a().Campaign().has_value());
  ASSERT_TRUE(a().Stop().ok());
  a().Start();
  EXPECT_THAT(a().MemberNames(), IsEmpty());
  EXPECT_EQ(a().Master(), "nobody");
}

TEST_P(ClusterContract, AfterAnExpiredSessionANewOneBeginsWithoutTheOldRoles) {
  ASSERT_TRUE(a().Join(a().Self()).ok());
  ASSERT_TRUE(a().Campaign().has_value());
  ASSERT_TRUE(a().Claim({1}).ok());
  harness_->ExpireSession("a");
  a().Until([this] { return a().expired == 1 && a().live; });
  EXPECT_EQ(a().Publish(TaskOf({1}, {1})).code(), StatusCode::kFenced);
  ASSERT_TRUE(a().Join(a().Self()).ok());
  EXPECT_THAT(a().MemberNames(), ElementsAre("a"));
  EXPECT_EQ(a().Campaign()->node.value, "a");
}

TEST_P(ClusterContract, AHintThatWasArmedBeforeAnExpiryIsReplacedByOnLive) {
  (void)a().ReadTask();
  harness_->ExpireSession("a");
  a().Until([this] { return a().expired == 1 && a().live; });
  EXPECT_EQ(a().ReadTask().value(), std::nullopt);
  ASSERT_TRUE(b().Campaign().has_value());
  ASSERT_TRUE(b().Claim({1}).ok());
  ASSERT_TRUE(b().Publish(TaskOf({1}, {1})).ok());
  a().AwaitHint(Topic::kTask);
}

TEST_P(ClusterContract, CallsWithoutAConnectionReplyOnceThatNothingHappened) {
  Party late(&loop_, harness_.get(), "late");
  EXPECT_EQ(late.Members().error().code(), StatusCode::kUnavailable);
  EXPECT_NE(late.Join(late.Self()).code(), StatusCode::kOk);
}

// --- The kinds

INSTANTIATE_TEST_SUITE_P(Alone, CoordinatorContract,
                         ::testing::Values(CoordinatorKind{
                             "Local", [](EventLoop*) { return std::make_unique<LocalHarness>(); }}),
                         NameOfKind);
INSTANTIATE_TEST_SUITE_P(Cluster, CoordinatorContract, ::testing::ValuesIn(ClusterKinds()),
                         NameOfKind);
INSTANTIATE_TEST_SUITE_P(Cluster, ClusterContract, ::testing::ValuesIn(ClusterKinds()), NameOfKind);

}  // namespace
}  // namespace tymbal::testing
