#include "master/decision.h"

#include <gtest/gtest.h>

#include <set>

namespace tymbal::master {
namespace {

Member MemberOf(const std::string& node) {
  Member member;
  member.node = {node};
  member.incarnation = node + "-1";
  return member;
}

class DecisionTest : public testing::Test {
 protected:
  DecisionTest() {
    view_.epoch = {3};
    view_.members = {MemberOf("a"), MemberOf("b")};
  }

  RunRecord& OpenRun() {
    RunRecord run;
    run.id = {7};
    run.period = {0, 60'000};
    run.slots = 1024;
    run.input.settings = job_.settings;
    run.input.source = job_.source;
    for (int32_t no = 0; no < 4; ++no) {
      FragmentRecord fragment;
      fragment.no = no;
      fragment.slots = {static_cast<uint32_t>(no) * 256, static_cast<uint32_t>(no + 1) * 256};
      fragment.node = {no < 2 ? "a" : "b"};
      fragment.token = {1};
      run.fragments.push_back(fragment);
    }
    view_.open_runs.push_back(run);
    return view_.open_runs.back();
  }

  Decision Look() {
    if (!view_.open_runs.empty()) {
      watch_.Observe(view_.open_runs.front(), view_.members, progress_, now_ms_);
    }
    return Decide(job_, view_, watch_, now_ms_);
  }

  JobShape job_{.settings = "s", .source = "f"};
  ClusterView view_;
  FragmentWatch watch_{{.stall_timeout_ms = 1000, .attempts_max = 1}};
  std::map<int32_t, Progress> progress_;
  int64_t now_ms_ = 0;
};

TEST_F(DecisionTest, ADuePeriodIsPlannedOverAllMembers) {
  view_.due = Period{0, 60'000};
  const Decision decision = Look();
  const auto* plan = std::get_if<PlanPeriod>(&decision);
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(plan->plan.fragments.size(), 8U);
  std::set<std::string> nodes;
  for (const FragmentPlan& fragment : plan->plan.fragments) nodes.insert(fragment.node.value);
  EXPECT_EQ(nodes, (std::set<std::string>{"a", "b"}));
}

TEST_F(DecisionTest, APeriodIsWeighedBeforeItIsPlannedWhereTheSourceCanTell) {
  job_.weigh_slots = true;
  view_.due = Period{0, 60'000};
  const Decision first = Look();
  const auto* weigh = std::get_if<WeighSlots>(&first);
  ASSERT_NE(weigh, nullptr);
  EXPECT_EQ(weigh->period, *view_.due);

  view_.weighed = Weighed{{60'000, 120'000}, std::vector<uint64_t>(job_.slots, 1)};
  EXPECT_TRUE(std::holds_alternative<WeighSlots>(Look())) << "the weights of another period";

  view_.weighed = Weighed{*view_.due, std::vector<uint64_t>(job_.slots, 1)};
  view_.weighed->weights[0] = 5'000;
  const Decision second = Look();
  const auto* plan = std::get_if<PlanPeriod>(&second);
  ASSERT_NE(plan, nullptr);
  EXPECT_TRUE(plan->by_weight);
  EXPECT_EQ(plan->plan.fragments.front().slots, (SlotRange{0, 1}));
  EXPECT_EQ(plan->plan.fragments[1].node.value, "b");
  ASSERT_TRUE(plan->heavy.has_value());
  EXPECT_EQ(plan->heavy->slot, 0U);

  view_.weighed->weights.clear();
  const Decision third = Look();
  plan = std::get_if<PlanPeriod>(&third);
  ASSERT_NE(plan, nullptr);
  EXPECT_FALSE(plan->by_weight);
  EXPECT_FALSE(plan->heavy.has_value());
  EXPECT_EQ(plan->plan.fragments.front().slots, (SlotRange{0, 128}));
}

TEST_F(DecisionTest, NothingIsPlannedWhilePausedOrWithoutMembers) {
  view_.due = Period{0, 60'000};
  view_.paused = true;
  EXPECT_TRUE(std::holds_alternative<Wait>(Look()));
  view_.paused = false;
  view_.members.clear();
  EXPECT_TRUE(std::holds_alternative<Wait>(Look()));
}

TEST_F(DecisionTest, ARunThatIsOpenIsFinishedBeforeAnyOtherIsPlannedEvenWhilePaused) {
  OpenRun();
  view_.due = Period{60'000, 120'000};
  view_.paused = true;
  const Decision decision = Look();
  ASSERT_TRUE(std::holds_alternative<PublishOnBoard>(decision));
  view_.board = std::get<PublishOnBoard>(decision).task;
  EXPECT_EQ(view_.board->fragments.size(), 4U);
  EXPECT_TRUE(std::holds_alternative<Wait>(Look()));
}

TEST_F(DecisionTest, DoneFragmentsNeedNoNewTaskOnTheBoard) {
  RunRecord& run = OpenRun();
  view_.board = TaskOf(view_.epoch, run);
  run.fragments[1].state = FragmentState::kDone;
  EXPECT_TRUE(std::holds_alternative<Wait>(Look()));
}

TEST_F(DecisionTest, ATaskOfAnOlderMastershipIsReplaced) {
  const RunRecord& run = OpenRun();
  view_.board = TaskOf({2}, run);
  EXPECT_TRUE(std::holds_alternative<PublishOnBoard>(Look()));
}

TEST_F(DecisionTest, AllThatADeadNodeHadIsSharedOutAndWithItsBoundsUnchangedI2) {
  RunRecord& run = OpenRun();
  view_.members = {MemberOf("b"), MemberOf("c")};
  run.fragments[0].state = FragmentState::kDone;
  const Decision decision = Look();
  const auto* hand_over = std::get_if<HandOverFragments>(&decision);
  ASSERT_NE(hand_over, nullptr);
  ASSERT_EQ(hand_over->items.size(), 1U);
  EXPECT_EQ(hand_over->items[0].no, 1);
  EXPECT_EQ(hand_over->items[0].to.value, "c") << "b has two already";
}

TEST_F(DecisionTest, AStalledFragmentGoesToAnotherNodeIfThereIsOne) {
  view_.board = TaskOf(view_.epoch, OpenRun());
  EXPECT_TRUE(std::holds_alternative<Wait>(Look()));
  now_ms_ = 5'000;
  view_.members[1].spans_read = 1;  // b reads on.
  const Decision decision = Look();
  const auto* hand_over = std::get_if<HandOverFragments>(&decision);
  ASSERT_NE(hand_over, nullptr);
  for (const auto& item : hand_over->items) {
    EXPECT_EQ(item.from.value, "a");
    EXPECT_EQ(item.to.value, "b");
  }
  view_.members = {MemberOf("a")};
  EXPECT_TRUE(std::holds_alternative<HandOverFragments>(Look()));
}

TEST_F(DecisionTest, AFragmentThatFailsTooOftenFailsThePeriodWithItsReasonI6) {
  OpenRun();
  progress_[2] = {{1}, "the index is gone"};
  const Decision decision = Look();
  const auto* fail = std::get_if<FailPeriod>(&decision);
  ASSERT_NE(fail, nullptr);
  EXPECT_NE(fail->reason.find("the index is gone"), std::string::npos);
  EXPECT_NE(fail->reason.find("slots 512 to 768"), std::string::npos);
}

TEST_F(DecisionTest, ProgressIsNoProofOnlyTheLedgerIs) {
  RunRecord& run = OpenRun();
  view_.board = TaskOf(view_.epoch, run);
  for (int32_t no = 0; no < 4; ++no) progress_[no] = {{1}, ""};
  EXPECT_TRUE(std::holds_alternative<Wait>(Look()));
  for (FragmentRecord& fragment : run.fragments) fragment.state = FragmentState::kDone;
  EXPECT_TRUE(std::holds_alternative<PublishResults>(Look()));
}

TEST_F(DecisionTest, ARunOfOtherSettingsIsGivenUp) {
  OpenRun().input.settings = "other";
  EXPECT_TRUE(std::holds_alternative<FailPeriod>(Look()));
}

}  // namespace
}  // namespace tymbal::master
