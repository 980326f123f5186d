#include "master/fragment_watch.h"

#include <gtest/gtest.h>

namespace tymbal::master {
namespace {

Member MemberOf(const std::string& node, uint64_t spans_read = 0) {
  Member member;
  member.node = {node};
  member.incarnation = node + "-1";
  member.spans_read = spans_read;
  return member;
}

RunRecord RunOf(Token token, const std::string& node) {
  RunRecord run;
  run.id = {7};
  run.fragments.resize(1);
  run.fragments[0].node = {node};
  run.fragments[0].token = token;
  return run;
}

class FragmentWatchTest : public testing::Test {
 protected:
  Verdict See(const RunRecord& run, const std::vector<Member>& members, int64_t now_ms,
              const std::map<int32_t, Progress>& progress = {}) {
    watch_.Observe(run, members, progress, now_ms);
    return watch_.Judge(run.fragments[0], now_ms);
  }
  FragmentWatch watch_{{.stall_timeout_ms = 1000, .attempts_max = 3, .retry_ms = 10}};
};

TEST_F(FragmentWatchTest, AFragmentWhoseNodeIsNoMemberIsOrphaned) {
  EXPECT_EQ(See(RunOf({1}, "a"), {MemberOf("b")}, 0), Verdict::kOwnerGone);
  EXPECT_EQ(See(RunOf({1}, "a"), {MemberOf("a")}, 0), Verdict::kFine);
}

TEST_F(FragmentWatchTest, ANodeWithoutASignOfLifeHasStalled) {
  EXPECT_EQ(See(RunOf({1}, "a"), {MemberOf("a")}, 0), Verdict::kFine);
  EXPECT_EQ(See(RunOf({1}, "a"), {MemberOf("a")}, 1000), Verdict::kFine);
  EXPECT_EQ(See(RunOf({1}, "a"), {MemberOf("a")}, 1001), Verdict::kStalled);
}

TEST_F(FragmentWatchTest, ANodeThatReadsOnHasNotStalled) {
  for (int64_t now_ms = 0; now_ms < 10'000; now_ms += 900) {
    EXPECT_EQ(See(RunOf({1}, "a"), {MemberOf("a", static_cast<uint64_t>(now_ms))}, now_ms),
              Verdict::kFine);
  }
}

TEST_F(FragmentWatchTest, ANewOwnerHasItsOwnTime) {
  EXPECT_EQ(See(RunOf({1}, "a"), {MemberOf("a"), MemberOf("b")}, 0), Verdict::kFine);
  EXPECT_EQ(See(RunOf({1}, "a"), {MemberOf("a"), MemberOf("b")}, 1001), Verdict::kStalled);
  EXPECT_EQ(See(RunOf({2}, "b"), {MemberOf("a"), MemberOf("b")}, 1002), Verdict::kFine);
  EXPECT_EQ(See(RunOf({2}, "b"), {MemberOf("a"), MemberOf("b")}, 2002), Verdict::kFine);
  EXPECT_EQ(See(RunOf({2}, "b"), {MemberOf("a"), MemberOf("b")}, 2003), Verdict::kStalled);
}

TEST_F(FragmentWatchTest, AFailureIsCountedOncePerTokenAndRetriedLaterAndLater) {
  const std::vector<Member> members = {MemberOf("a")};
  EXPECT_EQ(See(RunOf({1}, "a"), members, 100, {{0, {{1}, "broken"}}}), Verdict::kFine);
  EXPECT_EQ(See(RunOf({1}, "a"), members, 109, {{0, {{1}, "broken"}}}), Verdict::kFine);
  EXPECT_EQ(See(RunOf({1}, "a"), members, 110, {{0, {{1}, "broken"}}}), Verdict::kFailed);
  EXPECT_EQ(See(RunOf({2}, "a"), members, 200, {{0, {{2}, "broken"}}}), Verdict::kFine);
  EXPECT_EQ(See(RunOf({2}, "a"), members, 219, {{0, {{2}, "broken"}}}), Verdict::kFine);
  EXPECT_EQ(See(RunOf({2}, "a"), members, 220, {{0, {{2}, "broken"}}}), Verdict::kFailed);
  EXPECT_EQ(See(RunOf({3}, "a"), members, 300, {{0, {{3}, "still broken"}}}), Verdict::kGiveUp);
  EXPECT_EQ(watch_.Failure(0), "still broken");
}

TEST_F(FragmentWatchTest, WhatAnEarlierOwnerSaysIsOfNoInterest) {
  EXPECT_EQ(See(RunOf({2}, "a"), {MemberOf("a")}, 0, {{0, {{1}, "late"}}}), Verdict::kFine);
  EXPECT_EQ(See(RunOf({2}, "a"), {MemberOf("a")}, 500, {{0, {{1}, "late"}}}), Verdict::kFine);
}

TEST_F(FragmentWatchTest, ADoneFragmentIsFineWhateverBecameOfItsNode) {
  RunRecord run = RunOf({1}, "a");
  run.fragments[0].state = FragmentState::kDone;
  EXPECT_EQ(See(run, {}, 0, {{0, {{1}, "broken"}}}), Verdict::kFine);
}

}  // namespace
}  // namespace tymbal::master
