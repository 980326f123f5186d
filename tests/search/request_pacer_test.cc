#include "search/request_pacer.h"

#include <gtest/gtest.h>

namespace tymbal::search {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const RequestPacer::Time kNow = RequestPacer::Time() + seconds(1'000);

TEST(RequestPacer, HalvesWhenTheServerIsOverloadedAndComesBackSlowly) {
  RequestPacer pacer({.requests_max = 8});
  EXPECT_EQ(pacer.limit(), 8U);
  pacer.Ended(kNow, milliseconds(10), 1, /*overloaded=*/true);
  EXPECT_EQ(pacer.limit(), 4U);
  // What was under way then says the same thing once more.
  pacer.Ended(kNow + milliseconds(5), milliseconds(10), 1, /*overloaded=*/true);
  EXPECT_EQ(pacer.limit(), 4U);
  for (int i = 0; i < 4; ++i) pacer.Ended(kNow + seconds(1), milliseconds(10), 1, false);
  EXPECT_EQ(pacer.limit(), 4U);
  for (int i = 0; i < 100; ++i) pacer.Ended(kNow + seconds(1), milliseconds(10), 1, false);
  EXPECT_EQ(pacer.limit(), 8U);
}

TEST(RequestPacer, NeverStopsAltogether) {
  RequestPacer pacer({.requests_max = 4});
  for (int i = 1; i < 20; ++i) pacer.Ended(kNow + seconds(i), milliseconds(1), 1, true);
  EXPECT_EQ(pacer.limit(), 1U);
}

TEST(RequestPacer, SlowsDownWhenAnswersTakeMuchLongerThanUsual) {
  RequestPacer pacer({.requests_max = 4});
  int64_t second = 0;
  for (int i = 0; i < 20; ++i) {
    pacer.Ended(kNow + seconds(++second), milliseconds(100), 10'000, false);
  }
  EXPECT_EQ(pacer.limit(), 4U);
  for (int i = 0; i < 20; ++i) {
    pacer.Ended(kNow + seconds(++second), milliseconds(900), 10'000, false);
  }
  EXPECT_LT(pacer.limit(), 4U);
}

TEST(RequestPacer, SmallAnswersSayNothingOfTheServersSpeed) {
  RequestPacer pacer({.requests_max = 4});
  pacer.Ended(kNow, milliseconds(100), 10'000, false);
  for (int i = 1; i < 50; ++i) pacer.Ended(kNow + seconds(i), milliseconds(100), 1, false);
  EXPECT_EQ(pacer.limit(), 4U);
}

TEST(RequestPacer, KeepsToTheRateTogetherWithTheOtherNodes) {
  RequestPacer pacer({.requests_max = 4, .rate_max = 10'000});
  EXPECT_EQ(pacer.Reserve(kNow, 5'000, 1), RequestPacer::Duration::zero());
  EXPECT_EQ(pacer.Reserve(kNow, 5'000, 2), milliseconds(500));
  EXPECT_EQ(pacer.Reserve(kNow + milliseconds(500), 1, 1), seconds(1));
  EXPECT_EQ(pacer.Reserve(kNow + seconds(60), 1, 1), RequestPacer::Duration::zero());
  EXPECT_EQ(pacer.Reserve(kNow, 0, 1), RequestPacer::Duration::zero());
  RequestPacer free({.requests_max = 4});
  EXPECT_EQ(free.Reserve(kNow, 1'000'000, 1), RequestPacer::Duration::zero());
  EXPECT_EQ(free.Reserve(kNow, 1'000'000, 1), RequestPacer::Duration::zero());
}

}  // namespace
}  // namespace tymbal::search
