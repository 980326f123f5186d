#include "master/balance.h"

#include <gtest/gtest.h>

#include <string>

namespace tymbal::master {
namespace {

FragmentRecord Fragment(const std::string& node, SlotRange slots, uint64_t spans) {
  FragmentRecord fragment;
  fragment.slots = slots;
  fragment.node = {node};
  fragment.coverage.read = spans;
  return fragment;
}

TEST(Balance, IsTheHeaviestNodeOverTheMean) {
  RunRecord run;
  run.fragments = {Fragment("a", {0, 10}, 100), Fragment("a", {10, 20}, 200),
                   Fragment("b", {20, 1024}, 100)};
  const auto balance = BalanceOf(run);
  ASSERT_TRUE(balance.has_value());
  EXPECT_EQ(balance->spans, 400U);
  EXPECT_EQ(balance->nodes, 2U);
  EXPECT_DOUBLE_EQ(balance->heaviest, 1.5);
  EXPECT_FALSE(balance->heavy.has_value());
}

TEST(Balance, NamesTheSlotThatIsMoreThanTheShareOfANode) {
  RunRecord run;
  run.fragments = {Fragment("a", {0, 10}, 100), Fragment("b", {10, 11}, 250),
                   Fragment("c", {11, 12}, 300), Fragment("c", {12, 1024}, 50)};
  const auto balance = BalanceOf(run);
  ASSERT_TRUE(balance && balance->heavy);
  EXPECT_EQ(balance->heavy->slot, 11U);
  EXPECT_EQ(balance->heavy->weight, 300U);
  EXPECT_EQ(balance->heavy->total, 700U);

  run.fragments[1].slots = {10, 12};  // Not one slot: it could have been cut.
  run.fragments[2].coverage.read = 200;
  EXPECT_FALSE(BalanceOf(run)->heavy.has_value());
}

TEST(Balance, IsNothingWhereNothingWasRead) {
  RunRecord run;
  EXPECT_FALSE(BalanceOf(run).has_value());
  run.fragments = {Fragment("a", {0, 1024}, 0)};
  EXPECT_FALSE(BalanceOf(run).has_value());
}

}  // namespace
}  // namespace tymbal::master
