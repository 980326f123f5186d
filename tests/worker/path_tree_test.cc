#include "worker/path_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tymbal::worker {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Profile Made() {
  return *ParseProfile("name: x\nfields: {app: a, method: m, start: s, duration: d, kind: k}\n",
                       "test");
}

TEST(ParsePath, GivesTheNamesForAQuery) {
  const auto plain = ParsePath({"a.b"});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->Dotted(), "a.b");
  EXPECT_FALSE(plain->selector);
  const auto list = ParsePath({"span.tags[key=span.kind].value"});
  ASSERT_TRUE(list);
  EXPECT_EQ(list->Dotted(), "span.tags");
  ASSERT_TRUE(list->selector);
  EXPECT_EQ(list->selector->key_name, "key");
  EXPECT_EQ(list->selector->wanted, "span.kind");
  EXPECT_EQ(list->selector->value_name, "value");
}

TEST(CompilePaths, RefusesPathsThatCannotBeUnderstood) {
  for (const std::string path :
       {"", ".", "a..b", ".a", "a.", "a.b.c.d.e.f.g", "a\"b", "a\\b", "a[", "a[k]", "a[k=v]",
        "a[k=v].", "a[=v].c", "a[k=].c", "[k=v].c", "a[k=v]c"}) {
    Profile profile = Made();
    profile.app = {{path}};
    const auto tree = CompilePaths(profile);
    ASSERT_FALSE(tree.has_value()) << path;
    EXPECT_EQ(tree.error().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(tree.error().message(),
                AllOf(HasSubstr("profile x"), HasSubstr("'" + path + "' is no field path")));
  }
}

TEST(CompilePaths, TakesPathsThatThePageNames) {
  for (const std::string path : {"took", "service.name", "@timestamp", "a.b.c.d.e.f",
                                 "attributes[key=side].value", "span.tags[key=error].value"}) {
    Profile profile = Made();
    profile.app = {{path}};
    EXPECT_TRUE(CompilePaths(profile).has_value()) << path;
  }
}

TEST(CompilePaths, RefusesMoreThan64Paths) {
  Profile profile = Made();
  while (profile.app.size() < 60) profile.app.push_back({"a" + std::to_string(profile.app.size())});
  EXPECT_TRUE(CompilePaths(profile).has_value());  // 60 and the four others.
  profile.app.push_back({"one_more"});
  const auto tree = CompilePaths(profile);
  ASSERT_FALSE(tree.has_value());
  EXPECT_THAT(tree.error().message(), HasSubstr("64"));
}

}  // namespace
}  // namespace tymbal::worker
