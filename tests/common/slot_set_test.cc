#include "common/slot_set.h"

#include <gtest/gtest.h>

#include <set>

#include "generate/random.h"

namespace tymbal {
namespace {

using Ranges = std::vector<SlotRange>;

TEST(SlotSet, JoinsWhatTouchesOrOverlapsWhateverTheOrder) {
  EXPECT_EQ(SlotSet(Ranges{{20, 30}, {0, 10}, {10, 15}}).ranges(), (Ranges{{0, 15}, {20, 30}}));
  EXPECT_EQ(SlotSet(Ranges{{5, 9}, {0, 20}, {19, 22}}).ranges(), (Ranges{{0, 22}}));
  EXPECT_EQ(SlotSet(Ranges{{7, 7}, {1, 2}, {2, 2}}).ranges(), (Ranges{{1, 2}}));
  EXPECT_EQ(SlotSet(Ranges{{0, 512}, {512, 1024}}), SlotSet(SlotRange{0, 1024}));
}

TEST(SlotSet, OfNothingHoldsNothing) {
  for (const SlotSet& set : {SlotSet(), SlotSet(Ranges{}), SlotSet(SlotRange{5, 5})}) {
    EXPECT_TRUE(set.ranges().empty());
    EXPECT_FALSE(set.Contains(0));
    EXPECT_FALSE(set.Contains(5));
  }
}

TEST(SlotSet, HoldsTheSlotsOfItsRangesAndNoOthers) {
  generate::Random random(1);
  for (int round = 0; round < 300; ++round) {
    const auto slots = static_cast<uint32_t>(1 + random.Below(300));
    Ranges ranges;
    std::set<uint32_t> wanted;
    for (uint64_t count = random.Below(8); count > 0; --count) {
      const auto from = static_cast<uint32_t>(random.Below(slots));
      const auto to = static_cast<uint32_t>(from + random.Below(slots - from + 1));
      ranges.push_back({from, to});
      for (uint32_t slot = from; slot < to; ++slot) wanted.insert(slot);
    }
    const SlotSet set(ranges);
    for (uint32_t slot = 0; slot < slots + 100; ++slot) {
      ASSERT_EQ(set.Contains(slot), wanted.contains(slot)) << "round " << round << ", " << slot;
    }
    for (size_t i = 0; i < set.ranges().size(); ++i) {
      ASSERT_LT(set.ranges()[i].from, set.ranges()[i].to);
      ASSERT_TRUE(i == 0 || set.ranges()[i - 1].to < set.ranges()[i].from);
    }
  }
}

}  // namespace
}  // namespace tymbal
