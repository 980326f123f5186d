#include "worker/call_weight.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace tymbal::worker {
namespace {

std::optional<uint64_t> Weight(const std::string& text, int64_t start_ms = 1'795'341'600'000,
                               uint64_t duration_us = 5) {
  return WholeWeight(*ParseNumber(text), start_ms, duration_us);
}

TEST(WholeWeight, KeepsWholeNumbers) {
  EXPECT_EQ(Weight("0"), 0);
  EXPECT_EQ(Weight("1"), 1);
  EXPECT_EQ(Weight("10.0"), 10);
  EXPECT_EQ(Weight("0.0001"), 0);
  EXPECT_EQ(Weight("1e3"), 1000);
  EXPECT_EQ(Weight("1000000"), 1'000'000);
}

TEST(WholeWeight, RefusesWhatIsNoWeight) {
  for (const char* text :
       {"-1", "-0.001", "1000001", "1000000.5", "1e300", "1e999", "99999999999999999999"}) {
    EXPECT_EQ(Weight(text), std::nullopt) << text;
  }
}

TEST(WholeWeight, SumsUpToWhatItWasOnAverage) {
  for (const auto& [text, mean] : {std::pair("3.3333333", 3.333), {"1.5", 1.5}, {"0.01", 0.01}}) {
    uint64_t sum = 0;
    constexpr int kCalls = 100'000;
    for (int i = 0; i < kCalls; ++i) {
      const auto weight = Weight(text, 1'795'341'600'000 + i / 3, static_cast<uint64_t>(i % 3) * 7);
      ASSERT_TRUE(weight && *weight >= static_cast<uint64_t>(mean) &&
                  *weight <= static_cast<uint64_t>(mean) + 1);
      sum += *weight;
    }
    EXPECT_NEAR(static_cast<double>(sum) / kCalls, mean, 0.01) << text;  // Six sigmas.
  }
}

TEST(WholeWeight, IsTheSameForWhatElasticKeepsOfIt) {  // scaled_float with three digits.
  for (int64_t start_ms = 1'795'341'600'000; start_ms < 1'795'341'610'000; ++start_ms) {
    EXPECT_EQ(Weight("3.3333333", start_ms), Weight("3.333", start_ms));
  }
}

}  // namespace
}  // namespace tymbal::worker
