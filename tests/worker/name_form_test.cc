#include "worker/name_form.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>

namespace tymbal::worker {
namespace {

class Base64Test : public testing::Test {
 protected:
  std::optional<std::string> Decode(const std::string& text) {
    const auto decoded = DecodeBase64(text, &arena_);
    return decoded ? std::optional(std::string(*decoded)) : std::nullopt;
  }
  Arena arena_;
};

TEST_F(Base64Test, DecodesTheVectorsOfTheStandard) {  // RFC 4648, section 10.
  EXPECT_EQ(Decode(""), "");
  EXPECT_EQ(Decode("Zg=="), "f");
  EXPECT_EQ(Decode("Zm8="), "fo");
  EXPECT_EQ(Decode("Zm9v"), "foo");
  EXPECT_EQ(Decode("Zm9vYg=="), "foob");
  EXPECT_EQ(Decode("Zm9vYmE="), "fooba");
  EXPECT_EQ(Decode("Zm9vYmFy"), "foobar");
  EXPECT_EQ(Decode("+/+/"), "\xfb\xff\xbf");
}

TEST_F(Base64Test, EveryValueHasOneEncodingOnly) {
  const std::string alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ .";
  std::set<std::string> values;
  size_t accepted = 0;
  for (const char a : alphabet) {
    for (const char b : alphabet) {
      for (const std::string& rest : {std::string("=="), std::string("A="), std::string("Q=")}) {
        const auto value = Decode({a + std::string(1, b) + rest});
        if (!value) continue;
        ++accepted;
        values.insert(*value);
      }
    }
  }
  EXPECT_EQ(values.size(), accepted);
  EXPECT_EQ(accepted, 256U + 2U * 64U * 64U);  // All single bytes; two bytes ending in 0 or 4 bits.
}

TEST_F(Base64Test, RefusesWhatNoEncoderWrites) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zm9", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==",
                           "Zm=v", "Zm 9v", "Zm9v\n", "Zm-_", "\xff\xff\xff\xff"}) {
    EXPECT_EQ(Decode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace tymbal::worker
