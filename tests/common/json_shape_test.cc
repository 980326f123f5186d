#include "common/json_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tymbal {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

/// A text in memory of its own, so that a sanitizer sees what is read before or behind it.
class IndexedText {
 public:
  explicit IndexedText(const std::string& text)
      : bytes_(std::make_unique<char[]>(text.size() + kJsonPadding)), size_(text.size()) {
    text.copy(bytes_.get(), text.size());
    EXPECT_TRUE(index_.Build({bytes_.get(), size_}).ok()) << text;
  }

  MarkedJson object() const {
    return {{bytes_.get(), size_}, bytes_.get(), index_.marks(), /*may_have_escapes=*/true};
  }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
  JsonIndex index_;
};

JsonShape ShapeOf(const std::string& text, const std::vector<size_t>& fixed = {}) {
  const IndexedText indexed(text);
  return JsonShape::Of(indexed.object(), fixed).value();
}

/// Returns the values; nothing: the text has another shape.
std::optional<std::vector<std::string>> Match(const JsonShape& shape, const std::string& text) {
  const IndexedText indexed(text);
  std::array<std::string_view, JsonShape::kValuesMax> values;
  if (!shape.Match(indexed.object(), values.data())) return std::nullopt;
  std::vector<std::string> found;
  for (size_t i = 0; i < values.size() && values[i].data() != nullptr; ++i) {
    found.emplace_back(values[i]);
  }
  return found;
}

TEST(JsonShape, FindsTheValuesOfObjectsThatDifferInNothingElse) {
  const JsonShape shape = ShapeOf(R"({"a":"x","b":{"c":1, "d":[true,null]}})");
  EXPECT_THAT(Match(shape, R"({"a":"","b":{"c":-2.5e3, "d":[null,0]}})"),
              Optional(ElementsAre("\"\"", "-2.5e3", "null", "0")));
  EXPECT_THAT(Match(shape, R"({"a":"\"}","b":{"c":1, "d":[1,2]}})"),
              Optional(ElementsAre(R"("\"}")", "1", "1", "2")));
}

TEST(JsonShape, KnowsOtherKeysKindsAndBlanks) {
  const JsonShape shape = ShapeOf(R"({"a":"x" ,"b":1})");
  EXPECT_TRUE(Match(shape, R"({"a":"y" ,"b":2})"));
  for (const char* other :
       {R"({"A":"x" ,"b":1})", R"({"a":1 ,"b":1})", R"({"a":"x" ,"b":"1"})", R"({"a":"x","b":1})",
        R"({"a":"x"  ,"b":1})", R"({"a":"x" ,"b":1 })", R"({"a":"x" ,"b": 1})",
        R"({"a":"x" ,"b":[]})", R"({"a":"x" ,"b":1,"c":2})", R"({"a":"x" })", R"({"a":" "})",
        R"({"a":"x" ,"b":1}})", R"({"a":"x" "y","b":1})", R"({"a":"x" ,"b":1 2})"}) {
    EXPECT_FALSE(Match(shape, other)) << other;
  }
}

/// Texts of up to 16 bytes are compared by two words, others word by word.
TEST(JsonShape, ComparesTextsOfAnyLengthAndNothingBehindTheObject) {
  for (size_t length = 1; length < 40; ++length) {
    const std::string key(length, 'k');
    const JsonShape shape = ShapeOf(R"({"a":1,")" + key + R"(":2})");
    EXPECT_TRUE(Match(shape, R"({"a":77,")" + key + R"(":3})")) << length;
    for (size_t i = 0; i < length; ++i) {
      std::string other = key;
      other[i] = 'x';
      EXPECT_FALSE(Match(shape, R"({"a":1,")" + other + R"(":2})")) << length << " " << i;
    }
  }
  for (const size_t length : {90U, 120U, 1000U, 5000U}) {
    const std::string key(length, 'k');
    const JsonShape shape = ShapeOf(R"({"a":1,")" + key + R"(":2})");
    EXPECT_TRUE(Match(shape, R"({"a":77,")" + key + R"(":3})"));
    EXPECT_FALSE(Match(shape, R"({"a":1,"b":{},"c":{}})"));
    EXPECT_FALSE(Match(shape, R"({"a":1,")" + key.substr(1) + R"(":2})"));
  }
}

TEST(JsonShape, TakesFixedStringsForItsOwn) {
  const std::string text = R"([{"key":"error","value":true}])";
  const JsonShape shape = ShapeOf(text, {text.find("\"error\"")});
  EXPECT_THAT(Match(shape, R"([{"key":"error","value":false}])"), Optional(ElementsAre("false")));
  EXPECT_FALSE(Match(shape, R"([{"key":"other","value":true}])"));
}

/// Where a value would end before it begins, it isn't looked for there: that may be before the
/// text.
TEST(JsonShape, ReadsNothingBeforeTheText) {
  const std::string blanks(3'000, ' ');
  for (const std::string value : {"5", "\"five\""}) {
    const JsonShape shape = ShapeOf(R"({"a":)" + value + blanks + "}");
    EXPECT_TRUE(Match(shape, R"({"a":)" + value + blanks + "}"));
    EXPECT_FALSE(Match(shape, R"({"a":)" + value + "}"));
    EXPECT_FALSE(Match(shape, R"({"a":)" + value + " }"));
  }
}

TEST(JsonShape, KnowsItsLineEnds) {
  EXPECT_FALSE(ShapeOf(R"({"a":"\n"})").has_line_ends());
  EXPECT_TRUE(ShapeOf("{\"a\":1,\n\"b\":2}").has_line_ends());
  EXPECT_TRUE(ShapeOf("{\"a\":1\n}").has_line_ends());
}

TEST(JsonShape, TellsValuesByWhereTheyBegin) {
  const JsonShape shape = ShapeOf(R"({"a":"x","b":1})");
  EXPECT_THAT(shape.ValueAt(5), Optional(0U));
  EXPECT_THAT(shape.ValueAt(13), Optional(1U));
  EXPECT_EQ(shape.ValueAt(1), std::nullopt) << "a key";
}

}  // namespace
}  // namespace tymbal
