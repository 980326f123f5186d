#include "simulation/seed_list.h"

#include <gmock/gmock.h>

namespace tymbal::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SeedList, ReadsARange) {
  EXPECT_THAT(*ParseSeedRange("3..5"), ElementsAre(3, 4, 5));
  EXPECT_THAT(*ParseSeedRange("7"), ElementsAre(7));
}

TEST(SeedList, RefusesWhatIsNoRange) {
  for (const char* text : {"", "..", "1..", "..2", "5..3", "1...3", "a..b", "-1..3", "1..2 ",
                           "0..18446744073709551615"}) {
    EXPECT_FALSE(ParseSeedRange(text)) << text;
  }
}

TEST(SeedList, ReadsSeedsWithTheirReasons) {
  EXPECT_THAT(*ParseSeedList("# Seeds.\n\n528  # a lost reply\n  9 # another\n"),
              ElementsAre(528, 9));
}

TEST(SeedList, WantsAReasonForEachSeed) {
  for (const char* line : {"528", "528 #", "528 # ", "# x\n528 why", "five # why", "5 6 # why"}) {
    EXPECT_FALSE(ParseSeedList(line)) << line;
  }
  EXPECT_THAT(ParseSeedList("1 # why\n2\n").error().message(), HasSubstr("line 2"));
}

TEST(SeedList, RefusesAListThatChecksNothing) {
  EXPECT_FALSE(ParseSeedList(""));
  EXPECT_FALSE(ParseSeedList("# all gone\n"));
}

}  // namespace
}  // namespace tymbal::testing
