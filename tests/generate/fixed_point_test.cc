#include "generate/fixed_point.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tymbal::generate {
namespace {

constexpr double kOneQ32 = 4294967296.0;

TEST(FixedPoint, LogarithmAgreesWithFloatingPoint) {
  for (uint64_t x = 1; x < 2'000'000; x = x * 5 / 4 + 1) {
    const double expected = std::log2(static_cast<double>(x));
    EXPECT_NEAR(static_cast<double>(Log2Q32(x)) / kOneQ32, expected, 1e-9) << x;
  }
  EXPECT_EQ(Log2Q32(1), 0U);
  EXPECT_EQ(Log2Q32(uint64_t{1} << 63), uint64_t{63} << 32);
}

TEST(FixedPoint, PowerAgreesWithFloatingPoint) {
  const Exp2Table table;
  for (uint64_t x_q32 = 0; x_q32 < uint64_t{40} << 32; x_q32 += 1'234'567'891) {
    const double expected = std::exp2(static_cast<double>(x_q32) / kOneQ32);
    EXPECT_NEAR(static_cast<double>(Exp2(x_q32)), expected, 1 + expected * 1e-12) << x_q32;
    EXPECT_NEAR(static_cast<double>(table(x_q32)), expected, 1 + expected * 1e-6) << x_q32;
  }
  EXPECT_EQ(Exp2(0), 1U);
  EXPECT_EQ(Exp2(uint64_t{40} << 32), uint64_t{1} << 40);
}

}  // namespace
}  // namespace tymbal::generate
