#include "worker/slice_queue.h"

#include <gtest/gtest.h>

#include <vector>

namespace tymbal::worker {
namespace {

TEST(SliceQueue, PutsNeighboursTogetherUntilAPageIsFull) {
  SliceQueue queue;
  queue.Append({{0, {0, 10}, 40}, {0, {10, 20}, 60}, {0, {40, 50}, 1}});
  EXPECT_EQ(queue.Next(100), (Slice{0, {0, 20}, 100}));
  EXPECT_EQ(queue.Next(100), (Slice{0, {40, 50}, 1}));
  EXPECT_EQ(queue.Next(100), std::nullopt);
  EXPECT_TRUE(queue.empty());
}

TEST(SliceQueue, BridgesAGapBecauseItHoldsNothing) {
  SliceQueue queue;
  queue.Append({{0, {0, 10}, 1}, {0, {90, 100}, 1}});
  EXPECT_EQ(queue.Next(10), (Slice{0, {0, 100}, 2}));
}

TEST(SliceQueue, GivesWhatDoesNotFitAlone) {
  SliceQueue queue;
  queue.Append({{0, {0, 10}, 101}, {0, {10, 20}, 1}});
  EXPECT_EQ(queue.Next(100), (Slice{0, {0, 10}, 101}));
  EXPECT_EQ(queue.Next(100), (Slice{0, {10, 20}, 1}));
}

TEST(SliceQueue, NeverMixesParts) {
  SliceQueue queue;
  queue.Append({{0, {0, 10}, 1}, {1, {10, 20}, 1}});
  EXPECT_EQ(queue.Next(100), (Slice{0, {0, 10}, 1}));
  EXPECT_EQ(queue.Next(100), (Slice{1, {10, 20}, 1}));
}

TEST(SliceQueue, TakesWhatWasPutBackNext) {
  SliceQueue queue;
  queue.Append({{0, {50, 60}, 5}});
  queue.Prepend({{0, {0, 5}, 7}, {0, {5, 10}, 8}});
  EXPECT_EQ(queue.Next(8), (Slice{0, {0, 5}, 7}));
  EXPECT_EQ(queue.Next(8), (Slice{0, {5, 10}, 8}));
  EXPECT_EQ(queue.Next(8), (Slice{0, {50, 60}, 5}));
}

/// A slice is divided while others read on: what they have taken must not be asked for again.
TEST(SliceQueue, NeverReachesOverWhatWasTakenMeanwhileI1) {
  SliceQueue queue;
  queue.Append({{0, {0, 10}, 9}, {0, {10, 20}, 5}, {0, {20, 30}, 1}});
  ASSERT_EQ(queue.Next(5), (Slice{0, {0, 10}, 9}));
  ASSERT_EQ(queue.Next(5), (Slice{0, {10, 20}, 5}));
  queue.Prepend({{0, {0, 1}, 6}, {0, {3, 4}, 2}, {0, {5, 6}, 1}});
  EXPECT_EQ(queue.Next(5), (Slice{0, {0, 1}, 6}));
  EXPECT_EQ(queue.Next(5), (Slice{0, {3, 6}, 3}));
  EXPECT_EQ(queue.Next(5), (Slice{0, {20, 30}, 1}));
}

TEST(SliceQueue, CountsInAboutAThousandStretchesOfWholeSteps) {
  EXPECT_EQ(CountingInterval({0, 300'000}, 1), 300);
  EXPECT_EQ(CountingInterval({0, 300'000}, 1'000), 1'000);
  EXPECT_EQ(CountingInterval({0, 86'400'000}, 1'000), 87'000);
  EXPECT_EQ(CountingInterval({0, 2}, 1), 1);
  // A slice that is divided becomes shorter ones, whatever its length.
  for (const int64_t length_ms : {2, 999, 1'000, 1'001, 1'999, 300'000}) {
    EXPECT_LT(CountingInterval({0, length_ms}, 1), length_ms) << length_ms;
  }
}

}  // namespace
}  // namespace tymbal::worker
