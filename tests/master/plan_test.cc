#include "master/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace tymbal::master {
namespace {

std::vector<NodeId> Nodes(size_t count) {
  std::vector<NodeId> nodes;
  for (size_t i = 0; i < count; ++i) nodes.push_back({"node-" + std::to_string(i)});
  return nodes;
}

TEST(Plan, GivesEverySlotToExactlyOneFragmentI2) {
  for (const uint32_t slots : {1U, 3U, 7U, 1000U, 1024U}) {
    for (const size_t nodes : {1U, 2U, 3U, 10U, 500U}) {
      for (const uint32_t per_node : {1U, 4U, 9U}) {
        uint32_t next = 0;
        for (const FragmentPlan& fragment : CutEvenly(slots, Nodes(nodes), per_node)) {
          ASSERT_EQ(fragment.slots.from, next);
          ASSERT_GT(fragment.slots.to, fragment.slots.from);
          next = fragment.slots.to;
        }
        ASSERT_EQ(next, slots);
      }
    }
  }
}

TEST(Plan, GivesEachNodeOneContiguousRangeOfNearlyEqualSize) {
  const auto fragments = CutEvenly(1024, Nodes(10), 4);
  ASSERT_EQ(fragments.size(), 40U);
  std::set<std::string> seen;
  for (size_t i = 0; i < fragments.size(); ++i) {
    if (i == 0 || fragments[i].node != fragments[i - 1].node) {
      EXPECT_TRUE(seen.insert(fragments[i].node.value).second) << "a node's slots are in pieces";
    }
    const uint32_t size = fragments[i].slots.to - fragments[i].slots.from;
    EXPECT_GE(size, 25U);
    EXPECT_LE(size, 26U);
  }
  EXPECT_EQ(seen.size(), 10U);
}

TEST(Plan, SpreadsFewSlotsOverDifferentNodes) {
  const auto fragments = CutEvenly(3, Nodes(10), 4);
  std::set<std::string> seen;
  for (const FragmentPlan& fragment : fragments) seen.insert(fragment.node.value);
  EXPECT_EQ(fragments.size(), 3U);
  EXPECT_EQ(seen.size(), 3U);
}

}  // namespace
}  // namespace tymbal::master
