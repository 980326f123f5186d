#include "generate/generate_options.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

namespace tymbal::generate {
namespace {

TEST(GenerateOptions, CountsHaveUnitsAndUnderscores) {
  const auto parsed = [](const char* text) { return ParseCount(text).value(); };
  EXPECT_EQ(parsed("0"), 0U);
  EXPECT_EQ(parsed("250"), 250U);
  EXPECT_EQ(parsed("1_000_000"), 1'000'000U);
  EXPECT_EQ(parsed("500k"), 500'000U);
  EXPECT_EQ(parsed("500K"), 500'000U);
  EXPECT_EQ(parsed("1M"), 1'000'000U);
  EXPECT_EQ(parsed("2G"), 2'000'000'000U);
  EXPECT_EQ(parsed("18446744073709551615"), UINT64_MAX);
}

TEST(GenerateOptions, OtherTextsAreNoCounts) {
  for (const char* text : {"", "k", "_1", "1_", "1__0", "1_k", "-1", "+1", "1.5M", "1m", "1MM",
                           "0x1", " 1", "1 ", "18446744073709551616", "99999999999G"}) {
    EXPECT_FALSE(ParseCount(text)) << text;
  }
  EXPECT_NE(ParseCount("many").error().message().find("'many'"), std::string::npos);
}

TEST(GenerateOptions, NumbersAreParsedWhole) {
  EXPECT_EQ(ParseNumber("1.05").value(), 1.05);
  EXPECT_EQ(ParseNumber("1e-3").value(), 0.001);
  for (const char* text : {"", "x", "0.5x", "1,5", " 1", "1e999"}) {
    EXPECT_FALSE(ParseNumber(text)) << text;
  }
}

TEST(GenerateOptions, DefaultsAreValid) { EXPECT_TRUE(Validate({}).ok()); }

TEST(GenerateOptions, WhatIsOutOfRangeIsNamed) {
  const auto expect_named = [](const char* option,
                               const std::function<void(GenerateOptions&)>& set) {
    GenerateOptions options;
    set(options);
    const Status status = Validate(options);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << option;
    EXPECT_TRUE(status.message().starts_with(option)) << status.message();
  };
  expect_named("--spans", [](auto& o) { o.spans = 0; });
  expect_named("--spans", [](auto& o) { o.spans = kSpansMax + 1; });
  expect_named("--endpoints", [](auto& o) { o.endpoints = 0; });
  expect_named("--endpoints", [](auto& o) { o.endpoints = kEndpointsMax + 1; });
  expect_named("--apps", [](auto& o) { o.apps = 0; });
  expect_named("--apps", [](auto& o) { o.apps = o.endpoints + 1; });
  expect_named("--duration", [](auto& o) { o.duration_ms = 0; });
  expect_named("--from", [](auto& o) { o.from_ms = 0; });
  expect_named("--from", [](auto& o) { o.duration_ms = INT64_MAX; });
  expect_named("--zipf", [](auto& o) { o.zipf = -0.1; });
  expect_named("--zipf", [](auto& o) { o.zipf = std::nan(""); });
  expect_named("--errors", [](auto& o) { o.errors = 1.01; });
  expect_named("--bad", [](auto& o) { o.bad = std::nan(""); });
}

}  // namespace
}  // namespace tymbal::generate
