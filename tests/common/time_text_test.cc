#include "common/time_text.h"

#include <gtest/gtest.h>

#include "common/span.h"

namespace tymbal {
namespace {

TEST(TimeText, ReadsTheFormsOfIso8601) {
  const int64_t ten_ms = 1'795'341'600'000;  // 2026-11-22T10:00Z, by `date -d … +%s`.
  EXPECT_EQ(*ParseTimeMs("2026-11-22T10:00Z"), ten_ms);
  EXPECT_EQ(*ParseTimeMs("2026-11-22 10:00"), ten_ms);
  EXPECT_EQ(*ParseTimeMs("2026-11-22T10:00:00.250Z"), ten_ms + 250);
  EXPECT_EQ(*ParseTimeMs("2026-11-22T10:00:00.2509999Z"), ten_ms + 250);
  EXPECT_EQ(*ParseTimeMs("2026-11-22T11:30:00+01:30"), ten_ms);
  EXPECT_EQ(*ParseTimeMs("2026-11-22T05:00:00-0500"), ten_ms);
  EXPECT_EQ(*ParseTimeMs("2026-11-22"), ten_ms - 36'000'000);
  EXPECT_EQ(*ParseTimeMs("1969-12-31T23:59:59.999Z"), -1);
}

TEST(TimeText, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "10:00", "2026-13-01", "2026-02-30", "2026-11-22T25:00Z", "2026-11-22T10Z",
        "2026-11-22T10:00+1", "2026-11-22T10:00Zx", "26-11-22", "2026-11-22T10:60Z"}) {
    EXPECT_FALSE(ParseTimeMs(text)) << text;
  }
}

TEST(TimeText, WritesWhatItReads) {
  for (const char* zone : {"UTC", "+05:30", "-08:00", "Europe/Berlin"}) {
    const auto found = TimeZone::Find(zone);
    ASSERT_TRUE(found) << zone;
    for (const int64_t time_ms : {int64_t{0}, int64_t{-1}, int64_t{1'795'341'600'123},
                                  int64_t{1'793'494'799'999}, int64_t{1'793'494'800'000}}) {
      EXPECT_EQ(*ParseTimeMs(found->Format(time_ms)), time_ms) << found->Format(time_ms);
      EXPECT_EQ(*ParseTimeMs(found->FormatShort(time_ms)), time_ms) << found->FormatShort(time_ms);
    }
  }
}

TEST(TimeText, FollowsSummerTime) {
  const TimeZone berlin = *TimeZone::Find("Europe/Berlin");
  EXPECT_EQ(berlin.Format(*ParseTimeMs("2026-07-01T10:00Z")), "2026-07-01T12:00:00.000+02:00");
  EXPECT_EQ(berlin.FormatShort(*ParseTimeMs("2026-12-01T10:00Z")), "2026-12-01 11:00:00+01:00");
}

TEST(TimeText, RefusesUnknownZones) {
  for (const char* zone : {"", "Mars/Olympus", "+25:00", "+1"}) {
    EXPECT_FALSE(TimeZone::Find(zone)) << zone;
  }
}

TEST(TimeText, TheRangeOfStartsIsTheYears2000To2099) {
  EXPECT_EQ(kStartMinMs, *ParseTimeMs("2000-01-01"));
  EXPECT_EQ(kStartEndMs, *ParseTimeMs("2100-01-01"));
}

}  // namespace
}  // namespace tymbal
