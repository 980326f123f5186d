#include "worker/file_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/time_text.h"

namespace tymbal::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Period From(const char* start, const char* end) { return {*ParseTimeMs(start), *ParseTimeMs(end)}; }

TEST(FilePattern, NamesEveryDayAndHourThatAPeriodTouchesAndNoOther) {
  EXPECT_THAT(*ExpandTime("/s/%Y-%m-%d/*.gz", From("2026-11-22T23:55Z", "2026-11-23T00:05Z")),
              ElementsAre("/s/2026-11-22/*.gz", "/s/2026-11-23/*.gz"));
  EXPECT_THAT(*ExpandTime("/s/%H", From("2026-11-22T10:00Z", "2026-11-22T12:00Z")),
              ElementsAre("/s/10", "/s/11"))
      << "the end does not belong to a period";
  EXPECT_THAT(*ExpandTime("/s/100%%/x", From("2026-11-22T10:00Z", "2026-11-24T12:00Z")),
              ElementsAre("/s/100%/x"));
  EXPECT_EQ(ExpandTime("/s/%q", From("2026-11-22T10:00Z", "2026-11-22T12:00Z")).error().code(),
            StatusCode::kInvalidArgument);
}

TEST(FilePattern, NoFileIsAnErrorThatNamesPatternAndPeriodI6) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("tymbal-pattern-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const Period period = From("2026-11-22T10:00Z", "2026-11-22T10:05Z");
  const std::string pattern = folder.string() + "/%d*.ndjson";
  const auto none = FindFiles(pattern, period);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code(), StatusCode::kBadInput);
  EXPECT_THAT(none.error().message(), HasSubstr(pattern));
  EXPECT_THAT(none.error().message(), HasSubstr("2026-11-22 10:00"));
  for (const char* name : {"22b.ndjson", "22a.ndjson", "23a.ndjson"}) {
    std::ofstream(folder / name) << "";
  }
  EXPECT_THAT(*FindFiles(pattern, period),
              ElementsAre((folder / "22a.ndjson").string(), (folder / "22b.ndjson").string()));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tymbal::worker
