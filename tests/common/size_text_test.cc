#include "common/size_text.h"

#include <gtest/gtest.h>

namespace tymbal {
namespace {

TEST(SizeText, ReadsBinaryUnits) {
  EXPECT_EQ(*ParseSizeBytes("512MiB"), 512UL << 20);
  EXPECT_EQ(*ParseSizeBytes("1G"), 1UL << 30);
  EXPECT_EQ(*ParseSizeBytes("4096"), 4096U);
}

TEST(SizeText, RefusesWhatIsNoSize) {
  for (const char* text : {"", "MiB", "1MB", "-1KiB", "1.5GiB", "99999999999TiB", "1 GiB"}) {
    EXPECT_FALSE(ParseSizeBytes(text)) << text;
  }
}

}  // namespace
}  // namespace tymbal
