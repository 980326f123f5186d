#include "common/period.h"

#include <gtest/gtest.h>

namespace tymbal {
namespace {

TEST(Period, StartsAtOrBeforeItsInstantAndEndsBehindIt) {
  const PeriodGrid grid = *PeriodGrid::Create(300'000, 60'000);
  for (const int64_t time_ms : {0LL, 59'999LL, 60'000LL, 359'999LL, 360'000LL, -1LL, -240'000LL,
                                -240'001LL, 1'795'341'600'123LL}) {
    const Period period = grid.PeriodAt(grid.StartOf(time_ms));
    EXPECT_LE(period.start_ms, time_ms);
    EXPECT_GT(period.end_ms, time_ms);
    EXPECT_EQ((period.start_ms - 60'000) % 300'000, 0);
  }
}

TEST(Period, RefusesLengthsAndOffsetsOutOfRange) {
  EXPECT_FALSE(PeriodGrid::Create(999, 0));
  EXPECT_FALSE(PeriodGrid::Create(32LL * 86'400'000, 0));
  EXPECT_FALSE(PeriodGrid::Create(60'000, 60'000));
  EXPECT_FALSE(PeriodGrid::Create(60'000, -1));
}

TEST(Period, DurationsAreReadAndWrittenInTheirLargestUnit) {
  for (const char* text : {"500ms", "90s", "5m", "1h", "2d", "0s"}) {
    const auto duration_ms = ParseDurationMs(text);
    ASSERT_TRUE(duration_ms) << text;
    EXPECT_EQ(FormatDurationMs(*duration_ms), text);
  }
  EXPECT_EQ(*ParseDurationMs("60s"), *ParseDurationMs("1m"));
}

TEST(Period, RefusesWhatIsNoDuration) {
  for (const char* text :
       {"", "5", "m", "-5m", "5 m", "5min", "1.5h", "99999999999999999d", "+1s"}) {
    EXPECT_FALSE(ParseDurationMs(text)) << text;
  }
}

}  // namespace
}  // namespace tymbal
