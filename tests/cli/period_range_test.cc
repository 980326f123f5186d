#include "cli/period_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tymbal::cli {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kTenMs = 1'795'341'600'000;  // 2026-11-22T10:00Z
constexpr int64_t kMinuteMs = 60'000;

PeriodGrid Grid() { return *PeriodGrid::Create(5 * kMinuteMs, 0); }

TEST(PeriodRange, IsTheLastDuePeriodUnlessOneIsNamed) {
  // 10:06:59 is not two minutes behind the end of the period that began at 10:00.
  EXPECT_EQ(*PeriodRangeOf({}, Grid(), 2 * kMinuteMs, kTenMs + 7 * kMinuteMs - 1),
            (Period{kTenMs - 5 * kMinuteMs, kTenMs}));
  EXPECT_EQ(*PeriodRangeOf({}, Grid(), 2 * kMinuteMs, kTenMs + 7 * kMinuteMs),
            (Period{kTenMs, kTenMs + 5 * kMinuteMs}));
}

TEST(PeriodRange, IsOnePeriodUnlessItsEndIsNamed) {
  EXPECT_EQ(*PeriodRangeOf({.from = "2026-11-22T10:00Z", .to = {}}, Grid(), 0, 0),
            (Period{kTenMs, kTenMs + 5 * kMinuteMs}));
  EXPECT_EQ(*PeriodRangeOf({.from = "2026-11-22T10:00Z", .to = "2026-11-22T11:00Z"}, Grid(), 0, 0),
            (Period{kTenMs, kTenMs + 60 * kMinuteMs}));
}

TEST(PeriodRange, RefusesTimesWithinAPeriodAndEmptyRanges) {
  const auto within = PeriodRangeOf({.from = "2026-11-22T10:01Z", .to = {}}, Grid(), 0, 0);
  ASSERT_FALSE(within.has_value());
  EXPECT_THAT(within.error().message(), HasSubstr("--from"));
  EXPECT_THAT(within.error().message(), HasSubstr("2026-11-22 10:05:00Z"));
  const auto empty =
      PeriodRangeOf({.from = "2026-11-22T10:00Z", .to = "2026-11-22T10:00Z"}, Grid(), 0, 0);
  ASSERT_FALSE(empty.has_value());
  EXPECT_THAT(empty.error().message(), HasSubstr("--to must be later"));
}

}  // namespace
}  // namespace tymbal::cli
