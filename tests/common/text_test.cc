#include "common/text.h"

#include <gtest/gtest.h>

#include <string>

namespace tymbal {
namespace {

TEST(Text, EveryCodePointSurvivesEncodingAndDecoding) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string bytes;
    AppendCodePoint(c, &bytes);
    size_t position = 0;
    ASSERT_EQ(DecodeCodePoint(bytes, &position), c);
    ASSERT_EQ(position, bytes.size());
  }
}

TEST(Text, DecodingAlwaysMovesOnAndStaysWithinTheText) {
  // All strings of up to three bytes out of those where the rules change.
  const std::string bytes(
      "\x00\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc2\xdf\xe0\xed\xef\xf0\xf4\xf5\xff", 18);
  for (const char a : bytes) {
    for (const char b : bytes) {
      for (const char c : bytes) {
        const std::string text{a, b, c};
        for (size_t position = 0; position < text.size();) {
          const size_t before = position;
          const char32_t code_point = DecodeCodePoint(text, &position);
          ASSERT_GT(position, before);
          ASSERT_LE(position, text.size());
          ASSERT_LE(code_point, 0x10FFFFU);
        }
      }
    }
  }
}

TEST(Text, PrintableShowsWhatCouldHarmOrDeceive) {
  EXPECT_EQ(Printable("plain \\ ü 支付 😀"), "plain \\ ü 支付 😀");
  EXPECT_EQ(Printable("\x1b[31m"), "\\x1b[31m");
  EXPECT_EQ(Printable(std::string("a\0b\n\t", 5)), "a\\x00b\\x0a\\x09");
  EXPECT_EQ(Printable("a\xe2\x80\xae"
                      "b"),
            "a\\u202eb");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m");  // The one-character CSI.
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\ud800");
  EXPECT_EQ(Printable("\xff"), "\xef\xbf\xbd");
}

TEST(Text, WidthCountsColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3U);
  EXPECT_EQ(DisplayWidth("支付"), 4U);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1U);
  EXPECT_EQ(DisplayWidth("😀"), 2U);
}

TEST(Text, JsonQuoteKeepsTheExactName) {
  EXPECT_EQ(JsonQuote("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000a\"");
  EXPECT_EQ(JsonQuote("\xed\xa0\x80x"), "\"\\ud800x\"");
  EXPECT_EQ(JsonQuote("支"), "\"支\"");
  EXPECT_EQ(JsonQuote("\xff"), "\"\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace tymbal
