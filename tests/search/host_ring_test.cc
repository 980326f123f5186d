#include "search/host_ring.h"

#include <gtest/gtest.h>

namespace tymbal::search {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr HostRing::TimePoint kStart{std::chrono::hours(1)};

TEST(HostRing, GoesRound) {
  HostRing ring(3, seconds(5));
  for (size_t i = 0; i < 9; ++i) EXPECT_EQ(ring.Next(kStart), i % 3);
}

TEST(HostRing, LeavesAloneWhoFailedUntilItsRestIsOver) {
  HostRing ring(3, seconds(5));
  ring.Failed(1, kStart);
  for (const size_t host : {0U, 2U, 0U, 2U}) {
    EXPECT_EQ(ring.Next(kStart + seconds(5) - milliseconds(1)), host);
  }
  EXPECT_EQ(ring.Next(kStart + seconds(5)), 0U);
  EXPECT_EQ(ring.Next(kStart + seconds(5)), 1U);
}

TEST(HostRing, AsksWhoHasRestedLongestWhenAllRest) {
  HostRing ring(3, seconds(5));
  ring.Failed(0, kStart + seconds(2));
  ring.Failed(1, kStart + seconds(1));
  ring.Failed(2, kStart + seconds(3));
  EXPECT_EQ(ring.Next(kStart + seconds(3)), 1U);
  EXPECT_EQ(ring.Next(kStart + seconds(3)), 1U);
  ring.Failed(1, kStart + seconds(4));
  EXPECT_EQ(ring.Next(kStart + seconds(4)), 0U);
}

TEST(HostRing, TakesBackWhoAnswered) {
  HostRing ring(2, seconds(5));
  ring.Failed(0, kStart);
  EXPECT_EQ(ring.Next(kStart), 1U);
  ring.Answered(0);
  EXPECT_EQ(ring.Next(kStart), 0U);
}

TEST(HostRing, ServesASingleHostAlways) {
  HostRing ring(1, seconds(5));
  ring.Failed(0, kStart);
  EXPECT_EQ(ring.Next(kStart), 0U);
}

}  // namespace
}  // namespace tymbal::search
