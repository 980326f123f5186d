#include "worker/page_chain.h"

#include <gtest/gtest.h>

namespace tymbal::worker {
namespace {

constexpr Period kHour{1795341600000, 1795345200000};  // 2026-11-22T10:00Z

TEST(PageChain, GivesEachThreadTwoSlicesOfShorterPages) {
  EXPECT_EQ(CutChains(800'000, 4, 2, 10'000), (PageChains{100'001, 4'000}));
}

TEST(PageChain, BoundsASliceForItIsCountedWithEachPage) {
  EXPECT_EQ(CutChains(100'000'000, 4, 2, 10'000), (PageChains{250'000, 10'000}));
}

TEST(PageChain, NeedsNeighboursInEachShard) {
  EXPECT_EQ(CutChains(24'999, 4, 2, 10'000), std::nullopt);
  EXPECT_EQ(CutChains(25'000, 4, 2, 10'000), (PageChains{25'000, 2'500}));
  EXPECT_EQ(CutChains(250'000, 4, 30, 10'000), std::nullopt);
}

TEST(PageChain, HasPagesOfASpanAtLeast) {
  EXPECT_EQ(CutChains(1, 1, 1, 1), (PageChains{1, 1}));
  EXPECT_EQ(CutChains(0, 1, 1, 1), std::nullopt);
}

TEST(PageChain, TakesDatedIndicesByTheirWord) {
  search::IndexSet indices;
  indices.open = {"spans-2026-11-01", "spans-2026-11-02", "spans-2026-11-03", "spans-2026-11-22"};
  indices.shards = 20;
  EXPECT_EQ(ShardsHolding(indices, kHour, /*one_index=*/false), 5);
  EXPECT_EQ(ShardsHolding(indices, kHour, /*one_index=*/true), 5);
  indices.open = {"spans"};
  EXPECT_EQ(ShardsHolding(indices, kHour, /*one_index=*/false), 20);
}

}  // namespace
}  // namespace tymbal::worker
