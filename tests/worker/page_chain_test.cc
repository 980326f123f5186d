#include "worker/page_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace tymbal::worker {
namespace {

using ::testing::ElementsAre;

constexpr Period kHour{1795341600000, 1795345200000};  // 2026-11-22T10:00Z

constexpr bool kCountsOnce = false;
constexpr bool kCountsEachPage = true;

TEST(PageChain, GivesEachThreadOneSliceOfShorterPages) {
  EXPECT_EQ(CutChains(400'000, 4, 2, 10'000, kCountsOnce), (PageChains{100'800, 4'032}));
  EXPECT_EQ(CutChains(1'000'000, 4, 2, 10'000, kCountsOnce), (PageChains{252'000, 5'000}));
}

TEST(PageChain, LeavesNoShortSliceOver) {
  // A thousand stretches; as many as fit make a slice.
  const uint64_t stretch = 1'234;
  const uint64_t slice = CutChains(1'000 * stretch, 4, 2, 10'000, kCountsOnce)->slice_records;
  EXPECT_EQ((1'000 + slice / stretch - 1) / (slice / stretch), 4);
}

TEST(PageChain, BoundsASliceAndGivesEachThreadAsMany) {
  EXPECT_EQ(CutChains(10'000'000, 4, 2, 10'000, kCountsOnce), (PageChains{853'334, 5'000}))
      << "three each";
  EXPECT_EQ(CutChains(10'000'000, 4, 2, 10'000, kCountsEachPage), (PageChains{247'273, 9'890}))
      << "eleven each, for a slice is counted with each page";
  EXPECT_LT(CutChains(1'000'000'000, 4, 2, 10'000, kCountsOnce)->slice_records, 1'125'000);
  EXPECT_LT(CutChains(1'000'000'000, 4, 2, 10'000, kCountsEachPage)->slice_records, 281'250);
}

TEST(PageChain, NeedsNeighboursInEachShard) {
  EXPECT_EQ(CutChains(24'999, 4, 2, 10'000, kCountsOnce), std::nullopt);
  EXPECT_EQ(CutChains(25'000, 4, 2, 10'000, kCountsOnce), (PageChains{25'000, 2'500}));
  EXPECT_EQ(CutChains(250'000, 4, 30, 10'000, kCountsOnce), std::nullopt);
}

TEST(PageChain, HasPagesOfASpanAtLeast) {
  EXPECT_EQ(CutChains(1, 1, 1, 1, kCountsOnce), (PageChains{1, 1}));
  EXPECT_EQ(CutChains(0, 1, 1, 1, kCountsOnce), std::nullopt);
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

/// The sizes of the pages that a slice is read in.
std::vector<uint64_t> PagesOf(uint64_t count, uint64_t longest) {
  std::vector<uint64_t> pages;
  for (uint64_t came = 0; came < count; came += pages.back()) {
    pages.push_back(NextPageRecords(came, count, longest));
  }
  return pages;
}

TEST(PageChain, PagesAtTheEndsOfASliceAreShort) {
  EXPECT_THAT(PagesOf(12'000, 5'000), ElementsAre(500, 5'000, 5'000, 1'000, 500));
  EXPECT_THAT(PagesOf(11'000, 5'000), ElementsAre(500, 5'000, 5'000, 500));
  EXPECT_THAT(PagesOf(10'999, 5'000), ElementsAre(500, 5'000, 4'999, 500));
  EXPECT_THAT(PagesOf(5'001, 5'000), ElementsAre(500, 4'001, 500));
  EXPECT_THAT(PagesOf(5'000, 5'000), ElementsAre(5'000)) << "one request is as good as another";
  EXPECT_THAT(PagesOf(2'000, 1'000), ElementsAre(1'000, 1'000)) << "short ones as they are";
}

}  // namespace
}  // namespace tymbal::worker
