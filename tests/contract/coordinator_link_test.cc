// What the coordinator does when connections break, sessions end and replies get lost: on the
// ZooKeeper in memory, which the simulation relies on, and through a proxy on a real one.

#include <gmock/gmock.h>

#include <chrono>

#include "common/znode_records.h"
#include "contract/coordinator_contract.h"
#include "contract/coordinator_harness.h"

namespace tymbal::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Topic = Coordinator::Topic;

/// Of the kinds' sessions, at most.
constexpr milliseconds kSessionMax{1'000};

class LinkContract : public ClusterContract {
 protected:
  /// Makes `a` master, under epoch 4.
  void Lead() {
    ASSERT_TRUE(a().Join(a().Self()).ok());
    ASSERT_TRUE(a().Campaign().has_value());
    ASSERT_TRUE(a().Claim({4}).ok());
  }
  /// Makes a call whose reply gets lost, and waits until the session goes on.
  template <typename Call>
  StatusCode WithoutReply(Call call) {
    harness_->LoseNextReply("a");
    const int suspended = a().suspended;
    const StatusCode code = call();
    a().Until([&] { return a().suspended > suspended && a().live; });
    return code;
  }
};

// --- Lost requests and replies

TEST_P(LinkContract, OwnNodesAreRecognisedWhenTheReplyOfTheirCreateWasLost) {
  EXPECT_EQ(WithoutReply([&] { return a().Join(a().Self()).code(); }), StatusCode::kAmbiguous);
  EXPECT_THAT(a().MemberNames(), ElementsAre("a")) << "it has happened";
  EXPECT_TRUE(a().Join(a().Self()).ok());
  EXPECT_EQ(WithoutReply([&] { return a().Campaign().error().code(); }), StatusCode::kAmbiguous);
  EXPECT_EQ(a().Campaign()->node.value, "a");
  EXPECT_EQ(a().Master(), "a");
  EXPECT_EQ(a().expired, 0);
}

TEST_P(LinkContract, AMultiWhoseReplyWasLostIsDoneAndMayBeRepeated) {
  Lead();
  EXPECT_EQ(WithoutReply([&] { return a().Claim({5}).code(); }), StatusCode::kAmbiguous);
  EXPECT_EQ(a().BoardEpoch(), Epoch{5}) << "it has happened";
  EXPECT_TRUE(a().Claim({5}).ok());
  ASSERT_TRUE(a().Publish(TaskOf({5}, {1})).ok());
  EXPECT_EQ(WithoutReply([&] { return a().Publish(TaskOf({5}, {2})).code(); }),
            StatusCode::kAmbiguous);
  EXPECT_EQ(a().ReadTask().value(), TaskOf({5}, {2}));
  EXPECT_TRUE(a().Publish(TaskOf({5}, {2})).ok());
  EXPECT_EQ(a().expired, 0);
}

TEST_P(LinkContract, ProgressWhoseReplyWasLostIsSaidOnce) {
  ASSERT_TRUE(a().Report({1}, 7, {{1}, ""}).ok());
  EXPECT_EQ(WithoutReply([&] {
              return a().Report({1}, 0, {{1}, ""}).code();
            }),
            StatusCode::kAmbiguous);
  EXPECT_TRUE(a().Report({1}, 0, {{1}, ""}).ok());
  // A newer token replaces it, by a multi.
  EXPECT_TRUE(a().Report({1}, 0, {{2}, "failed"}).ok());
  EXPECT_EQ(a().ReadProgress({1}),
            (std::map<int32_t, Progress>{{0, {{2}, "failed"}}, {7, {{1}, ""}}}));
}

TEST_P(LinkContract, ALostRequestHasNotHappened) {
  harness_->LoseNextRequest("a");
  EXPECT_EQ(a().Join(a().Self()).code(), StatusCode::kAmbiguous);
  a().Until([this] { return a().suspended == 1 && a().live; });
  EXPECT_THAT(a().MemberNames(), IsEmpty());
  EXPECT_TRUE(a().Join(a().Self()).ok());
}

TEST_P(LinkContract, CallsThatACutInterruptsReplyOnceEach) {
  ASSERT_TRUE(a().Join(a().Self()).ok());
  int failed = 0;
  const auto check = [&failed](const Status& status) {
    if (!status.ok()) ++failed;
    if (!status.ok()) {
      EXPECT_THAT(status.code(), AnyOf(StatusCode::kUnavailable, StatusCode::kAmbiguous));
    }
  };
  harness_->Stall("a");
  for (int32_t no = 0; no < 50; ++no) {
    a().Begin<Status>(
        [&](auto done) {
          a().coordinator().ReportProgress({1}, no, {{1}, ""}, std::move(done));
        },
        check);
    a().Begin<Result<std::vector<Member>>>(
        [&](auto reply) { a().coordinator().ReadMembers(std::move(reply)); },
        [check](const auto& members) { check(members ? Status::Ok() : members.error()); });
  }
  harness_->Cut("a");
  a().Settle();
  EXPECT_EQ(failed, 100);
  harness_->Heal("a");
  a().Until([this] { return a().live; });
  for (int32_t no = 0; no < 50; ++no) ASSERT_TRUE(a().Report({1}, no, {{1}, ""}).ok());
  EXPECT_EQ(a().ReadProgress({1}).size(), 50U);
}

// --- Cuts that the session outlives

TEST_P(LinkContract, AShortCutSuspendsAndTheSessionGoesOn) {
  Lead();
  harness_->Cut("a");
  a().Until([this] { return a().suspended == 1; });
  EXPECT_EQ(a().Members().error().code(), StatusCode::kUnavailable);
  EXPECT_EQ(a().Publish(TaskOf({4}, {1})).code(), StatusCode::kUnavailable);
  harness_->Heal("a");
  a().Until([this] { return a().live; });
  EXPECT_EQ(a().expired, 0);
  EXPECT_THAT(a().MemberNames(), ElementsAre("a"));
  EXPECT_EQ(a().Master(), "a");
  EXPECT_TRUE(a().Publish(TaskOf({4}, {1})).ok()) << "the claim is the session's";
}

TEST_P(LinkContract, CutsThatAreEachShorterThanTheTimeOutDoNotEndTheSession) {
  Lead();
  EXPECT_EQ(b().MemberNames(), std::vector<std::string>{"a"});
  const auto begin = std::chrono::steady_clock::now();
  int cuts = 0;
  while (std::chrono::steady_clock::now() - begin < 2 * kSessionMax) {
    harness_->Cut("a");
    a().Until([&] { return a().suspended == cuts + 1; });
    a().Pause(milliseconds(100));
    harness_->Heal("a");
    a().Until([this] { return a().live; });
    ++cuts;
  }
  EXPECT_EQ(a().expired, 0);
  EXPECT_GE(cuts, 3);
  EXPECT_THAT(b().hints, IsEmpty()) << "nobody saw it go";
  EXPECT_EQ(b().Master(), "a");
  EXPECT_TRUE(a().Publish(TaskOf({4}, {1})).ok());
}

TEST_P(LinkContract, WatchesTellOfWhatHappenedDuringACut) {
  ASSERT_TRUE(b().Campaign().has_value());
  ASSERT_TRUE(b().Claim({4}).ok());
  (void)a().Members();
  (void)a().Master();
  (void)a().ReadTask();
  (void)a().ReadProgress({1});
  (void)a().ReadControl();
  harness_->Cut("a");
  a().Until([this] { return a().suspended == 1; });
  ASSERT_TRUE(b().Join(b().Self()).ok());
  ASSERT_TRUE(b().Publish(TaskOf({4}, {1})).ok());
  ASSERT_TRUE(b().Report({1}, 0, {{1}, ""}).ok());
  ASSERT_TRUE(b().Write(Control{true, "", 1}).ok());
  ASSERT_TRUE(b().Resign().ok());
  EXPECT_THAT(a().hints, IsEmpty());
  harness_->Heal("a");
  a().Until([this] { return a().hints.size() == 5; });
  EXPECT_THAT(a().hints, UnorderedElementsAre(Topic::kMembers, Topic::kMaster, Topic::kTask,
                                              Topic::kProgress, Topic::kControl));
  EXPECT_EQ(a().expired, 0);
}

TEST_P(LinkContract, WatchesAreArmedAgainAfterACutInWhichNothingHappened) {
  ASSERT_TRUE(b().Campaign().has_value());
  ASSERT_TRUE(b().Claim({4}).ok());
  (void)a().Members();
  (void)a().ReadTask();
  harness_->Cut("a");
  a().Until([this] { return a().suspended == 1; });
  harness_->Heal("a");
  a().Until([this] { return a().live; });
  EXPECT_THAT(a().hints, IsEmpty());
  ASSERT_TRUE(b().Publish(TaskOf({4}, {1})).ok());
  ASSERT_TRUE(b().Join(b().Self()).ok());
  a().Until([this] { return a().hints.size() == 2; });
  EXPECT_THAT(a().hints, UnorderedElementsAre(Topic::kTask, Topic::kMembers));
}

// --- Sessions that end

TEST_P(LinkContract, ALongCutIsGivenUpHereBeforeTheServerCanBeAsked) {
  ASSERT_TRUE(a().Join(a().Self()).ok());
  harness_->Stall("a");
  a().Until([this] { return a().expired == 1; });
  EXPECT_EQ(a().suspended, 1);
  harness_->Heal("a");
  a().Until([this] { return a().live; });
  ASSERT_TRUE(a().Join(a().Self()).ok());
  EXPECT_THAT(a().MemberNames(), ElementsAre("a"));
}

TEST_P(LinkContract, OthersHearThatASilentNodeIsGoneAndTakeItsRoles) {
  Lead();
  EXPECT_EQ(b().MemberNames(), std::vector<std::string>{"a"});
  EXPECT_EQ(b().Master(), "a");
  harness_->Stall("a");
  b().AwaitHint(Topic::kMembers);
  b().AwaitHint(Topic::kMaster);
  EXPECT_THAT(b().MemberNames(), IsEmpty());
  EXPECT_EQ(b().Campaign()->node.value, "b");
  ASSERT_TRUE(b().Claim({5}).ok());
  harness_->Heal("a");
  a().Until([this] { return a().expired == 1 && a().live; });
  EXPECT_EQ(a().Master(), "b");
  EXPECT_EQ(a().Publish(TaskOf({4}, {1})).code(), StatusCode::kFenced);
}

TEST_P(LinkContract, AfterAnExpiryTheNodeRegistersWithANewIncarnation) {
  ASSERT_TRUE(a().Join(a().Self("1")).ok());
  harness_->ExpireSession("a");
  a().Until([this] { return a().expired == 1 && a().live; });
  ASSERT_TRUE(a().Join(a().Self("2")).ok());
  const auto members = a().Members();
  ASSERT_TRUE(members.has_value());
  ASSERT_EQ(members->size(), 1U);
  EXPECT_EQ(members->front().incarnation, "a-2");
  EXPECT_TRUE(a().Join(a().Self("2")).ok());
}

TEST_P(LinkContract, AnOwnNodeOfAnEarlierSessionIsReplaced) {
  // The server has not noticed yet that the earlier session is over, but we have given it up.
  Lead();
  harness_->Stall("a");
  EXPECT_TRUE(b().Join(a().Self()).ok());
  EXPECT_THAT(b().MemberNames(), ElementsAre("a"));
  harness_->Heal("a");
}

TEST_P(LinkContract, TheNodeOfAProcessThatWasKilledIsWaitedFor) {
  ASSERT_TRUE(a().Join(a().Self("1")).ok());
  harness_->Stall("a");  // To its server a killed machine is a silent one.
  int refused = 0;
  Status status = b().Join(a().Self("2"));
  for (int i = 0; i < 400 && !status.ok(); ++i) {
    // Unavailable: it went between two looks.
    ASSERT_THAT(status.code(), AnyOf(StatusCode::kConflict, StatusCode::kUnavailable));
    if (status.code() == StatusCode::kConflict) {
      ++refused;
      EXPECT_THAT(status.message(), HasSubstr("the process 4711 on host of a"));
    }
    b().Pause(milliseconds(20));
    status = b().Join(a().Self("2"));
  }
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_GE(refused, 1);
  EXPECT_EQ(b().Members()->front().incarnation, "a-2");
  harness_->Heal("a");
  a().Until([this] { return a().expired == 1 && a().live; });
  EXPECT_EQ(a().Join(a().Self("1")).code(), StatusCode::kConflict);
}

TEST_P(LinkContract, StoppingWithoutAConnectionEndsAtOnceAndLeavesNothingBehind) {
  Lead();
  harness_->Cut("a");
  a().Until([this] { return a().suspended == 1; });
  EXPECT_TRUE(a().Stop().ok());
  a_.reset();
  // What waited for the time-out of its session finds nothing to do.
  b().Pause(kSessionMax + milliseconds(100));
}

// --- What others write

TEST_P(LinkContract, DamagedContentIsAnErrorThatNamesTheZnode) {
  harness_->Write("job", R"({"v":1,"epoch":"x"})");
  a().ExpectSoon<bool>([this] { return a().ReadTask().has_value(); }, false);
  const auto task = a().ReadTask();
  EXPECT_EQ(task.error().code(), StatusCode::kInternal);
  EXPECT_THAT(task.error().message(), HasSubstr("/job"));
  harness_->Write("job", R"({"v":2})");
  EXPECT_THAT(a().ReadTask().error().message(), HasSubstr("format is 2"));
}

std::vector<CoordinatorKind> KindsWithLinks() {
  std::vector<CoordinatorKind> kinds = ClusterKinds();
  kinds.resize(2);  // The ensemble's links are no others.
  return kinds;
}
INSTANTIATE_TEST_SUITE_P(Cluster, LinkContract, ::testing::ValuesIn(KindsWithLinks()), NameOfKind);

}  // namespace
}  // namespace tymbal::testing
