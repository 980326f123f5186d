#include "master/read_ledger.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/memory_result_store.h"

namespace tymbal::master {
namespace {

constexpr int64_t kMinute = 60'000;

class ReadLedger : public ::testing::Test {
 protected:
  void Publish(int64_t start_ms) {
    const RunRecord run =
        *store_.PlanRun(epoch_, {{start_ms, start_ms + kMinute}, 1024, {}, {{{0, 1024}, {"a"}}}});
    const std::vector<StatRow> rows;
    ASSERT_TRUE(store_.CommitFragment({run.id, 0, run.fragments[0].token, {}, &rows}).has_value());
    ASSERT_TRUE(store_.PublishRun(epoch_, run.id, {}).ok());
  }

  bool IsLost(int64_t cursor_ms) {
    return !ReadLedgerAfter(&store_, grid_, cursor_ms)->has_value();
  }

  tymbal::testing::MemoryResults results_;
  tymbal::testing::MemoryResultStore store_{results_, [] { return int64_t{1}; }};
  Epoch epoch_ = *store_.TakeEpoch({"m"});
  PeriodGrid grid_ = *PeriodGrid::Create(kMinute, 0);
};

TEST_F(ReadLedger, WholeReadsMoreThanAPage) {
  for (int64_t i = 0; i < 2'001; ++i) Publish(i * kMinute);
  EXPECT_EQ(ReadWholeLedger(&store_, 0)->size(), 2'001U);
  EXPECT_EQ(ReadWholeLedger(&store_, 1'000 * kMinute)->size(), 1'001U);
}

TEST_F(ReadLedger, ThePeriodBeforeTheCursorIsReadToSeeThatItIsStillPublished) {
  ASSERT_TRUE(store_.FixFirstPeriod(epoch_, 0).has_value());
  Publish(0);
  Publish(kMinute);
  EXPECT_FALSE(IsLost(kMinute));
  EXPECT_FALSE(IsLost(2 * kMinute));
  EXPECT_EQ((**ReadLedgerAfter(&store_, grid_, 2 * kMinute)).size(), 1U);
}

TEST_F(ReadLedger, AStoreThatHasForgottenWhatItPublishedIsFound) {
  EXPECT_TRUE(IsLost(kMinute));  // It is empty.
  ASSERT_TRUE(store_.FixFirstPeriod(epoch_, 0).has_value());
  Publish(0);
  EXPECT_TRUE(IsLost(3 * kMinute));
  Publish(5 * kMinute);
  EXPECT_TRUE(IsLost(3 * kMinute));  // A later one is no substitute.
  // Begun anew, and not done.
  ASSERT_TRUE(store_.PlanRun(epoch_, {{2 * kMinute, 3 * kMinute}, 1024, {}, {{{0, 1024}, {"a"}}}})
                  .has_value());
  EXPECT_TRUE(IsLost(3 * kMinute));
}

TEST_F(ReadLedger, WhatRetentionHasDeletedIsNotLost) {
  ASSERT_TRUE(store_.FixFirstPeriod(epoch_, 10 * kMinute).has_value());
  EXPECT_FALSE(IsLost(5 * kMinute));
}

TEST(FirstWholePeriod, APeriodThatRetentionCutThroughIsGone) {
  const PeriodGrid grid = *PeriodGrid::Create(kMinute, 0);
  EXPECT_EQ(FirstWholePeriod(grid, 2 * kMinute), 2 * kMinute);
  EXPECT_EQ(FirstWholePeriod(grid, 2 * kMinute + 1), 3 * kMinute);
}

}  // namespace
}  // namespace tymbal::master
