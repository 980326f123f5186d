#include "worker/profile_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "worker/input_stream.h"

namespace tymbal::worker {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Profile Made(const std::string& name, const std::string& app, const std::string& more = "") {
  return *ParseProfile("name: " + name + "\nindex: \"" + name + "-*,old-" + name + "\"\n" + more +
                           "fields: {app: " + app +
                           ", method: m, start: s, duration: d, kind: k}\n",
                       "test");
}

std::string Document(const std::string& members = "") {
  return R"({"a":"x","m":"y","s":1795341600000,"d":5)" + members + "}";
}

std::string ErrorOf(const std::vector<Profile>& profiles, const ProfileEvidence& evidence) {
  const auto match = MatchProfile(profiles, evidence);
  if (match) return "no error: " + match->profile.name;
  EXPECT_EQ(match.error().code(), StatusCode::kInvalidArgument);
  return match.error().message();
}

TEST(MatchProfile, SaysWhyOneFits) {
  const auto match = MatchProfile(std::vector{Made("one", "[a, b]"), Made("two", "z")},
                                  {.documents = {Document(), Document(), R"({"a":"x"})"}});
  ASSERT_TRUE(match) << match.error().message();
  EXPECT_EQ(match->profile.name, "one");
  EXPECT_EQ(
      match->reason,
      "2 of 3 sample documents have a or b, m, s, d; 1 don't fit (the start time is missing)");
}

TEST(MatchProfile, RefusesWhenTwoFitEvenIfTheIndexNameFitsOne) {
  const std::string text = ErrorOf({Made("one", "a"), Made("two", "[z, a]"), Made("no", "q")},
                                   {.documents = {Document()}, .index = "two-2026"});
  EXPECT_THAT(text,
              AllOf(HasSubstr("2 profiles fit"), HasSubstr("one: 1 of 1"), HasSubstr("two: 1 of 1"),
                    Not(HasSubstr("no: ")), HasSubstr("the name two-2026 fits two-*,old-two")));
}

TEST(MatchProfile, SaysWhatEachLacksWhenNoneFits) {
  const std::string text =
      ErrorOf({Made("one", "q"), Made("two", "z")}, {.documents = {Document(), "[]"}});
  EXPECT_THAT(text,
              AllOf(HasSubstr("no profile fits"),
                    HasSubstr("one: 0 of 2 sample documents have q, m, s, d; 2 don't fit (the "
                              "app is missing or empty)"),
                    HasSubstr("two: 0 of 2")));
}

TEST(MatchProfile, ALuckyDocumentAmongForeignOnesIsNoFit) {
  EXPECT_THAT(ErrorOf({Made("one", "a")}, {.documents = {Document(), "{}", "{}"}}),
              HasSubstr("one: 1 of 3"));
  EXPECT_TRUE(MatchProfile(std::vector{Made("one", "a")}, {.documents = {Document(), "{}"}}));
}

TEST(MatchProfile, DocumentsThatTheProfileLeavesOutSayNothing) {
  const std::vector<Profile> profiles = {Made("one", "a", "only: [{path: t, equals: [x, y]}]\n"),
                                         Made("two", "z")};
  const std::string out = Document(R"(,"t":"other")");
  const auto match =
      MatchProfile(profiles, {.documents = {out, out, out, Document(R"(,"t":"y")")}});
  ASSERT_TRUE(match) << match.error().message();
  EXPECT_EQ(match->reason,
            "1 of 4 sample documents have t = x or y, a, m, s, d; 3 don't count for it");
  EXPECT_THAT(ErrorOf(profiles, {.documents = {out}}), HasSubstr("1 don't count for it"));
}

TEST(MatchProfile, KindsDontMatter) {
  EXPECT_TRUE(
      MatchProfile(std::vector{Made("one", "a", "entry_kinds: [server]\nentry_only: true\n")},
                   {.documents = {Document(R"(,"k":"client")")}}));
}

TEST(MatchProfile, TheMappingDecidesOnlyWithoutDocuments) {
  const std::vector<Profile> profiles = {Made("one", "a"), Made("two", "\"z[k=v].w\"")};
  const auto match = MatchProfile(profiles, {.mapping_fields = {"z", "m", "s", "d"}});
  ASSERT_TRUE(match) << match.error().message();
  EXPECT_EQ(match->profile.name, "two");
  EXPECT_THAT(ErrorOf(profiles, {.mapping_fields = {"m", "d"}}),
              HasSubstr("one: the index has no a, s"));
  EXPECT_EQ(MatchProfile(profiles, {.documents = {Document()}, .mapping_fields = {"z", "m"}})
                ->profile.name,
            "one");
}

TEST(MatchProfile, NeedsSomethingToLookAt) {
  EXPECT_THAT(ErrorOf({Made("one", "a")}, {.index = "one-1"}), HasSubstr("no document"));
}

class SampleRecordsTest : public testing::Test {
 protected:
  SampleRecordsTest() { std::filesystem::create_directories(folder_); }
  ~SampleRecordsTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("sample_records." + std::to_string(getpid()));
};

TEST_F(SampleRecordsTest, TakesTheFirstRecordsOfTheFirstFileThatHasAny) {
  const std::vector<std::string> paths = {Write("empty", "\n \n"),
                                          Write("lines", "{\"a\":1}\n\n{\"a\":2}\r\n{\"a\":3}"),
                                          Write("list", "[[{\"b\":1},\n{\"b\":2}],[{\"b\":3}]]")};
  EXPECT_THAT(*SampleRecords(paths, 100), ElementsAre(R"({"a":1})", R"({"a":2})", R"({"a":3})"));
  EXPECT_THAT(*SampleRecords(paths, 2), ElementsAre(R"({"a":1})", R"({"a":2})"));
  EXPECT_THAT(*SampleRecords(std::span(paths).subspan(2), 2),
              ElementsAre(R"({"b":1})", R"({"b":2})"));
}

TEST_F(SampleRecordsTest, RefusesWhatCantBeReadTwice) {
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path : {std::string(kStandardInput), pipe}) {
    const auto records = SampleRecords(std::vector{path}, 10);
    ASSERT_FALSE(records) << path;
    EXPECT_EQ(records.error().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(records.error().message(), HasSubstr("only once"));
  }
}

TEST_F(SampleRecordsTest, NamesAFileThatIsNotThere) {
  const auto records = SampleRecords(std::vector{std::string(folder_ / "no")}, 10);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code(), StatusCode::kBadInput);
}

}  // namespace
}  // namespace tymbal::worker
