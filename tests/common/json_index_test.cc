#include "common/json_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tymbal {
namespace {

using ::testing::ElementsAre;

class JsonIndexTest : public ::testing::Test {
 protected:
  Status Build(const std::string& text) {
    padded_ = text + std::string(kJsonPadding, '"');
    return index_.Build(std::string_view(padded_).substr(0, text.size()));
  }

  std::string padded_;
  JsonIndex index_;
};

TEST_F(JsonIndexTest, MarksTheStructureAndTheBeginningsOfValues) {
  ASSERT_TRUE(Build(R"({"a":[1, true],"b":"}\\\"{"})").ok());
  EXPECT_THAT(index_.marks(), ElementsAre(0, 1, 4, 5, 6, 7, 9, 13, 14, 15, 18, 19, 27));
  EXPECT_EQ(index_.marks().data()[index_.marks().size()], 28U) << "the size stands behind";
}

TEST_F(JsonIndexTest, TakesSeveralValuesBehindEachOther) {
  ASSERT_TRUE(Build("{\"a\":1}\n{\"b\":2}\n").ok());
  EXPECT_EQ(index_.marks().size(), 10U);
  EXPECT_EQ(CountMarks(padded_.data(), index_.marks(), 0), 5U);
  EXPECT_EQ(CountMarks(padded_.data(), index_.marks(), 3), 1U);
  EXPECT_EQ(CountMarks(padded_.data(), index_.marks(), 5), 5U);
}

TEST_F(JsonIndexTest, AnObjectThatDoesNotEndHasNoCount) {
  ASSERT_TRUE(Build(R"({"a":[{}])").ok());
  EXPECT_EQ(CountMarks(padded_.data(), index_.marks(), 0), 0U);
  EXPECT_EQ(CountMarks(padded_.data(), index_.marks(), 3), 4U);
}

TEST_F(JsonIndexTest, RefusesWhatCannotBeJson) {
  EXPECT_FALSE(Build(R"({"a":"b)").ok()) << "a string that doesn't end";
  EXPECT_FALSE(Build("{\"a\":\"\n\"}").ok()) << "a control character in a string";
  EXPECT_FALSE(Build("{\"a\":\"\xC3\"}").ok()) << "no UTF-8";
  EXPECT_FALSE(Build(" ").ok());
  EXPECT_TRUE(index_.marks().empty());
  EXPECT_TRUE(Build("{}").ok()) << "an error doesn't last";
}

TEST(EscapeFinder, KnowsWhichPartsHaveABackslash) {
  const std::string_view text = R"(ab\ncd ef g\"h)";
  EscapeFinder escapes(text);
  EXPECT_TRUE(escapes.IsIn(text.substr(0, 6)));
  EXPECT_TRUE(escapes.IsIn(text.substr(2, 1))) << "a part of a part";
  EXPECT_FALSE(escapes.IsIn(text.substr(3, 3)));
  EXPECT_FALSE(escapes.IsIn(text.substr(6, 5))) << "up to the next one";
  EXPECT_TRUE(escapes.IsIn(text.substr(10)));
  EXPECT_FALSE(escapes.IsIn(text.substr(12)));
  EXPECT_FALSE(escapes.IsIn(text.substr(text.size())));
}

}  // namespace
}  // namespace tymbal
