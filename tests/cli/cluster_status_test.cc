#include "cli/cluster_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "cli/status_json.h"
#include "cli/status_text.h"
#include "support/memory_result_store.h"

namespace tymbal::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kMinute = 60'000;
constexpr int64_t kStart = 1'795'341'600'000;  // 2026-11-22 10:00 UTC.

/// A store in which a cluster computes periods of a minute from `first_ms` on.
class StatusOfStore : public ::testing::Test {
 protected:
  void Begin(int64_t first_ms) {
    config_.period_length_ms = kMinute;
    config_.schedule_delay_ms = 0;
    epoch_ = *store_.TakeEpoch({"m"});
    ASSERT_TRUE(store_.FixFirstPeriod(epoch_, first_ms).has_value());
  }

  RunRecord Plan(int64_t start_ms) {
    return *store_.PlanRun(epoch_,
                           {{start_ms, start_ms + kMinute}, 1024, {}, {{{0, 1024}, {"a"}}}});
  }

  void Publish(int64_t start_ms) {
    const RunRecord run = Plan(start_ms);
    const std::vector<StatRow> rows;
    const FragmentCommit commit{run.id, 0, run.fragments[0].token, {}, &rows};
    ASSERT_TRUE(store_.CommitFragment(commit).has_value());
    ASSERT_TRUE(store_.PublishRun(epoch_, run.id, {}).ok());
  }

  ClusterStatus Look(int64_t now_ms, std::optional<int64_t> from_ms = {}) {
    ClusterStatus status;
    status.now_ms = now_ms;
    EXPECT_TRUE(ReadStoreStatus(config_, from_ms, &store_, &status).ok());
    return status;
  }

  Config config_;
  tymbal::testing::MemoryResults results_;
  tymbal::testing::MemoryResultStore store_{results_, [] { return kStart; }};
  Epoch epoch_;
};

TEST_F(StatusOfStore, AStoreWithoutAClusterHasNoWatermark) {
  EXPECT_FALSE(Look(kStart).watermark_ms.has_value());
}

TEST_F(StatusOfStore, TheWatermarkStandsAtTheFirstPeriodThatIsNotPublished) {
  Begin(kStart);
  Publish(kStart);
  Publish(kStart + kMinute);
  const RunRecord failed = Plan(kStart + 2 * kMinute);
  ASSERT_TRUE(store_.FailRun(epoch_, failed.id, "no file matches").ok());
  Publish(kStart + 3 * kMinute);
  const ClusterStatus status = Look(kStart + 6 * kMinute + 1);
  EXPECT_EQ(status.watermark_ms, kStart + 2 * kMinute);
  EXPECT_EQ(status.periods_due, 3);  // The failed one, and the fifth and sixth.
  ASSERT_EQ(status.unpublished.size(), 1U);
  EXPECT_EQ(status.unpublished[0].reason, "no file matches");
}

TEST_F(StatusOfStore, TheLedgerOfYearsIsReadToItsEnd) {
  Begin(kStart);
  constexpr int64_t kPeriods = 2'500;  // More than two pages.
  for (int64_t i = 0; i < kPeriods; ++i) Publish(kStart + i * kMinute);
  const ClusterStatus status = Look(kStart + kPeriods * kMinute);
  EXPECT_EQ(status.watermark_ms, kStart + kPeriods * kMinute);
  EXPECT_EQ(status.periods_due, 0);
}

TEST_F(StatusOfStore, APeriodThatRetentionCutThroughIsNoneOfThem) {
  Begin(kStart + 1);
  Publish(kStart + kMinute);
  EXPECT_EQ(Look(kStart + 2 * kMinute).watermark_ms, kStart + 2 * kMinute);
}

TEST_F(StatusOfStore, AFurtherLookBeginsAtTheWatermark) {
  Begin(kStart);
  Publish(kStart + 4 * kMinute);
  Publish(kStart + 5 * kMinute);
  const ClusterStatus status = Look(kStart + 6 * kMinute, kStart + 5 * kMinute);
  EXPECT_EQ(status.watermark_ms, kStart + 6 * kMinute);
}

TEST_F(StatusOfStore, WhatWasPublishedAtTheLastLookAndIsGoneIsReadAnew) {
  Begin(kStart);
  Publish(kStart);
  const ClusterStatus status = Look(kStart + 6 * kMinute, kStart + 5 * kMinute);
  EXPECT_EQ(status.watermark_ms, kStart + kMinute);
  EXPECT_EQ(status.periods_due, 5);
}

ClusterStatus Example() {
  ClusterStatus status;
  status.now_ms = kStart + 10 * kMinute;
  status.master = MasterRecord{{"n1"}, "i", {7}, kStart};
  status.board_epoch = {7};
  status.control = {true, "files \x1b are late", kStart + 9 * kMinute};
  Member member{{"n1"}, "i", "host-1"};
  member.version = "0.1.0";
  member.pid = 42;
  member.running = 1;
  member.spans_read = 1'234;
  member.joined_ms = kStart + 5 * kMinute;
  member.heard_ms = kStart + 10 * kMinute - 3'000;
  member.clock_ms = member.heard_ms + 250;
  status.members = {member};
  RunRecord run;
  run.id = {184};
  run.period = {kStart, kStart + kMinute};
  run.attempt = 2;
  run.epoch = {7};
  run.created_ms = kStart + 9 * kMinute;
  run.fragments.resize(2);
  run.fragments[0] = {0, {0, 512}, {"n1"}, {11}, FragmentState::kDone, kStart, kStart + 1, {}, 5};
  run.fragments[1] = {1, {512, 1024}, {"n1"}, {12}, FragmentState::kAssigned, kStart + 595'000,
                      0, {},          0};
  status.open_runs = {run};
  status.watermark_ms = kStart;
  status.periods_due = 10;
  status.unpublished = {{{kStart, kStart + kMinute}, {184}, 2, RunState::kFailed, "no \"file\""}};
  status.balance =
      master::Balance{.period = {kStart - kMinute, kStart},
                      .spans = 1'000,
                      .nodes = 3,
                      .heaviest = 1.25,
                      .heavy = master::HeavySlot{.slot = 497, .weight = 400, .total = 1'000}};
  status.warnings = {"nobody is master"};
  return status;
}

TEST(StatusText, SaysWhoIsThereAndWhatIsDone) {
  std::ostringstream out;
  WriteStatusText(Example(), out);
  const std::string text = out.str();
  EXPECT_THAT(text, HasSubstr("time       2026-11-22 10:10:00Z\n"));
  EXPECT_THAT(text, HasSubstr("master     n1, epoch 7, since 10 m\n"));
  EXPECT_THAT(text, HasSubstr("paused     since 60 s: files \\x1b are late\n"));
  EXPECT_THAT(text,
              HasSubstr("watermark  2026-11-22 10:00:00Z, 10 m behind; 10 periods are due\n"));
  EXPECT_THAT(text, HasSubstr("balance    the heaviest of 3 nodes read 1.25 x the mean, "
                              "2026-11-22 09:59:00Z\n"));
  EXPECT_THAT(text, ContainsRegex("n1 +host-1 +0\\.1\\.0 +42 +5 m +3 s +1 +1 of 2 +1234\n"));
  EXPECT_THAT(text,
              HasSubstr("run 184 of 2026-11-22 10:00:00Z to 2026-11-22 10:01:00Z, attempt 2"));
  EXPECT_THAT(text, ContainsRegex("1 +512-1024 +n1 +12 +assigned +5 s\n"));
  EXPECT_THAT(text, HasSubstr("failed  attempt 2  no \"file\"\n"));
  EXPECT_THAT(text, HasSubstr("warning: nobody is master\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(StatusJson, SaysTheSameForMachines) {
  std::ostringstream out;
  WriteStatusJson(Example(), out);
  EXPECT_EQ(out.str(),
            R"({"now_ms":1795342200000,"master":{"node":"n1","epoch":7,"since_ms":1795341600000},)"
            R"("epoch":7,"paused":true,"reason":"files \u001b are late",)"
            R"("paused_since_ms":1795342140000,"watermark_ms":1795341600000,"lag_ms":600000,)"
            R"("periods_due":10,"balance":{"start_ms":1795341540000,"spans":1000,"nodes":3,)"
            R"("heaviest":1.2500,"slot":497},)"
            "\n"
            R"("nodes":[{"node":"n1","host":"host-1","version":"0.1.0","pid":42,)"
            R"("joined_ms":1795341900000,"heard_ms":1795342197000,"running":1,"spans_read":1234,)"
            R"("clock_ahead_ms":250}],)"
            "\n"
            R"("runs":[{"run":184,"start_ms":1795341600000,"end_ms":1795341660000,"attempt":2,)"
            R"("epoch":7,"created_ms":1795342140000,"fragments":[)"
            R"({"no":0,"slot_from":0,"slot_to":512,"node":"n1","token":11,"state":"done",)"
            R"("started_ms":1795341600000,"done_ms":1795341600001},)"
            R"({"no":1,"slot_from":512,"slot_to":1024,"node":"n1","token":12,"state":"assigned",)"
            R"("started_ms":1795342195000,"done_ms":0}]}],)"
            "\n"
            R"("unpublished":[{"start_ms":1795341600000,"end_ms":1795341660000,"state":"failed",)"
            R"("attempt":2,"reason":"no \"file\""}],)"
            "\n"
            R"("warnings":["nobody is master"]})"
            "\n");
}

}  // namespace
}  // namespace tymbal::cli
