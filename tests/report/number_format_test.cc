#include "report/number_format.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace tymbal::report {
namespace {

TEST(NumberFormat, ShowsDurationsWithThreeDigitsInTheUnitThatFits) {
  EXPECT_EQ(FormatDurationUs(0), "0 µs");
  EXPECT_EQ(FormatDurationUs(850), "850 µs");
  EXPECT_EQ(FormatDurationUs(1'000), "1.00 ms");
  EXPECT_EQ(FormatDurationUs(12'345), "12.3 ms");
  EXPECT_EQ(FormatDurationUs(123'456), "123 ms");
  EXPECT_EQ(FormatDurationUs(1'240'000), "1.24 s");
  EXPECT_EQ(FormatDurationUs(59'900'000), "59.9 s");
  EXPECT_EQ(FormatDurationUs(125'000'000), "2 m 05 s");
  EXPECT_EQ(FormatDurationUs(11'220'000'000), "3 h 07 m");
  EXPECT_EQ(FormatDurationUs(53ULL * 3'600'000'000), "2 d 05 h");
  EXPECT_EQ(FormatDurationUs(366ULL * 86'400'000'000), "366 d 00 h");
}

TEST(NumberFormat, TakesTheNextUnitWhereRoundingReachesIt) {
  EXPECT_EQ(FormatDurationUs(999), "999 µs");
  EXPECT_EQ(FormatDurationUs(9'994), "9.99 ms");
  EXPECT_EQ(FormatDurationUs(9'995), "10.0 ms");
  EXPECT_EQ(FormatDurationUs(99'949), "99.9 ms");
  EXPECT_EQ(FormatDurationUs(99'950), "100 ms");
  EXPECT_EQ(FormatDurationUs(999'499), "999 ms");
  EXPECT_EQ(FormatDurationUs(999'500), "1.00 s");
  EXPECT_EQ(FormatDurationUs(59'949'999), "59.9 s");
  EXPECT_EQ(FormatDurationUs(59'950'000), "1 m 00 s");
  EXPECT_EQ(FormatDurationUs(119'499'999), "1 m 59 s");
  EXPECT_EQ(FormatDurationUs(119'500'000), "2 m 00 s");
  EXPECT_EQ(FormatDurationUs(3'599'499'999), "59 m 59 s");
  EXPECT_EQ(FormatDurationUs(3'599'500'000), "1 h 00 m");
  EXPECT_EQ(FormatDurationUs(86'369'999'999), "23 h 59 m");
  EXPECT_EQ(FormatDurationUs(86'370'000'000), "1 d 00 h");
}

TEST(NumberFormat, ShowsCountsExactlyBelowTenThousand) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(9'999), "9,999");
  EXPECT_EQ(FormatCount(10'000), "10.0 k");
  EXPECT_EQ(FormatCount(12'345), "12.3 k");
  EXPECT_EQ(FormatCount(99'949), "99.9 k");
  EXPECT_EQ(FormatCount(99'950), "100 k");
  EXPECT_EQ(FormatCount(999'499), "999 k");
  EXPECT_EQ(FormatCount(999'500), "1.0 M");
  EXPECT_EQ(FormatCount(1'234'567), "1.2 M");
  EXPECT_EQ(FormatCount(std::numeric_limits<uint64_t>::max()), "18.4 E");
}

TEST(NumberFormat, SeparatesThousands) {
  EXPECT_EQ(FormatExact(0), "0");
  EXPECT_EQ(FormatExact(1'000), "1,000");
  EXPECT_EQ(FormatExact(123'456), "123,456");
  EXPECT_EQ(FormatExact(std::numeric_limits<uint64_t>::max()), "18,446,744,073,709,551,615");
}

TEST(NumberFormat, RoundsNoShareToNothingOrAll) {
  EXPECT_EQ(FormatShare(0, 0), "-");
  EXPECT_EQ(FormatShare(0, 7), "0 %");
  EXPECT_EQ(FormatShare(1, 400), "0.25 %");
  EXPECT_EQ(FormatShare(1, 1'000'000), "<0.01 %");
  EXPECT_EQ(FormatShare(1, 8), "12.5 %");
  EXPECT_EQ(FormatShare(9'995, 100'000), "10.0 %");
  EXPECT_EQ(FormatShare(999'999, 1'000'000), "99.9 %");
  EXPECT_EQ(FormatShare(7, 7), "100 %");
  EXPECT_EQ(FormatShare(kStoredMax / 2, kStoredMax), "50.0 %");
}

TEST(NumberFormat, CountsTolerableCallsHalfInTheApdex) {
  EndpointStat stat;
  EXPECT_EQ(FormatApdex(stat), "-");
  EXPECT_EQ(Apdex(stat), 0);
  EXPECT_EQ(ErrorRate(stat), 0);
  EXPECT_EQ(MeanUs(stat), 0);
  stat.calls = 100;
  stat.errors = 2;
  stat.satisfied = 95;
  stat.tolerating = 3;
  stat.duration_sum_us = 150;
  EXPECT_EQ(FormatApdex(stat), "0.96");  // 0.965 is a little less as a double.
  EXPECT_DOUBLE_EQ(Apdex(stat), 0.965);
  EXPECT_DOUBLE_EQ(ErrorRate(stat), 0.02);
  EXPECT_DOUBLE_EQ(MeanUs(stat), 1.5);
}

}  // namespace
}  // namespace tymbal::report
