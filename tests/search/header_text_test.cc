#include "search/header_text.h"

#include <gtest/gtest.h>

namespace tymbal::search {
namespace {

TEST(HeaderText, EncodesTheVectorsOfRfc4648) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foob"), "Zm9vYg==");
  EXPECT_EQ(Base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64("\xff\xfe\xfd\xfb\xef\xbe"), "//79++++");
}

TEST(HeaderText, FindsAHeaderByItsNameInAnyCase) {
  EXPECT_EQ(HeaderValue("Transfer-Encoding:  chunked \r\n", "transfer-encoding"), "chunked");
  EXPECT_EQ(HeaderValue("TRANSFER-ENCODING:\r\n", "transfer-encoding"), "");
  EXPECT_EQ(HeaderValue("X-Transfer-Encoding: chunked\r\n", "transfer-encoding"), std::nullopt);
  EXPECT_EQ(HeaderValue("Transfer-Encodings: chunked\r\n", "transfer-encoding"), std::nullopt);
  EXPECT_EQ(HeaderValue("\r\n", "transfer-encoding"), std::nullopt);
}

TEST(HeaderText, StripsAMediaTypeOfItsParameters) {
  EXPECT_EQ(MediaType("Application/JSON; charset=UTF-8"), "application/json");
  EXPECT_EQ(MediaType(" text/html ;x"), "text/html");
  EXPECT_EQ(MediaType(""), "");
}

TEST(HeaderText, KnowsWhatBreaksOutOfAHeader) {
  EXPECT_TRUE(IsPrintableAscii("a b~"));
  for (const std::string_view text : {"a\rb", "a\nb", "a\x7f", "\xc3\xa4", "\t"}) {
    EXPECT_FALSE(IsPrintableAscii(text));
  }
  EXPECT_FALSE(IsPrintableAscii(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace tymbal::search
