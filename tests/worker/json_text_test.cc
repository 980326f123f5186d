#include "worker/json_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace tymbal::worker {
namespace {

std::optional<std::string> Unescaped(std::string_view content) {
  Arena arena;
  const auto text = Unescape(content, &arena);
  if (!text) return std::nullopt;
  return std::string(*text);
}

TEST(JsonText, ResolvesEveryEscape) {
  EXPECT_EQ(Unescaped(R"(plain)"), "plain");
  EXPECT_EQ(Unescaped(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(Unescaped(R"(a\u00e9b\u652f)"),
            "a\xc3\xa9"
            "b\xe6\x94\xaf");
  EXPECT_EQ(Unescaped(R"(\ud83d\ude00)"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(Unescaped(R"(\u0000)"), std::string(1, '\0'));
}

TEST(JsonText, KeepsLoneSurrogates) {
  EXPECT_EQ(Unescaped(R"(\ud83dx)"), "\xed\xa0\xbdx");
  EXPECT_EQ(Unescaped(R"(\ude00\ud83d)"), "\xed\xb8\x80\xed\xa0\xbd");
  EXPECT_EQ(Unescaped(R"(\ud83d\ud83d\ude00)"), "\xed\xa0\xbd\xf0\x9f\x98\x80");
}

TEST(JsonText, RefusesEscapesThatDontExist) {
  for (const char* bad : {R"(\x)", R"(\)", R"(\u12)", R"(\u12g4)", R"(a\u)", R"(\U0041)"}) {
    EXPECT_EQ(Unescaped(bad), std::nullopt) << bad;
  }
}

TEST(JsonText, TextsWithoutEscapesAreNotCopied) {
  Arena arena;
  const std::string_view content = "order-service";
  EXPECT_EQ(Unescape(content, &arena)->data(), content.data());
  EXPECT_EQ(arena.bytes(), 0U);
}

TEST(JsonText, ReadsIntegersExactly) {
  EXPECT_EQ(ParseNumber("18446744073709551615")->magnitude, UINT64_MAX);
  EXPECT_EQ(ParseNumber("18446744073709551616")->magnitude, UINT64_MAX);  // Saturated.
  EXPECT_TRUE(ParseNumber("-5")->negative);
  EXPECT_FALSE(ParseNumber("-0")->negative);
  EXPECT_TRUE(ParseNumber("0")->is_integer);
}

TEST(JsonText, ReadsFractionsAndExponents) {
  EXPECT_DOUBLE_EQ(ParseNumber("1.25")->real, 1.25);
  EXPECT_DOUBLE_EQ(ParseNumber("-2.5e3")->real, -2500);
  EXPECT_DOUBLE_EQ(ParseNumber("1E+2")->real, 100);
  EXPECT_TRUE(std::isinf(ParseNumber("1e400")->real));
  EXPECT_EQ(ParseNumber("1e-400")->real, 0);
  EXPECT_FALSE(ParseNumber("1.0")->is_integer);
}

TEST(JsonText, RefusesWhatIsNoNumber) {
  for (const char* bad : {"", "-", "+1", "01", "0x1", "NaN", "Infinity", "1.", ".5", "1e", "1e+",
                          "1a", "true", "\"1\"", "1 2", "--1"}) {
    EXPECT_FALSE(ParseNumber(bad)) << bad;
  }
}

}  // namespace
}  // namespace tymbal::worker
