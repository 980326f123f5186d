#include "search/index_catalog.h"

#include <gtest/gtest.h>

namespace tymbal::search {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kNov22Ms = 1'795'305'600'000;

TEST(IndexCatalog, ReadsTheDayOfAnIndexName) {
  for (const char* name :
       {"jaeger-span-2026-11-22", "zipkin-span-2026.11.22", "segment-20261122", "spans_2026_11_22",
        "spans-2026-11-22-10", ".ds-traces-2026.11.22-000003", "v20260101-spans-2026.11.22",
        "2026.11.22"}) {
    const auto day = DayOfIndexName(name);
    ASSERT_TRUE(day) << name;
    EXPECT_EQ(day->start_ms, kNov22Ms) << name;
    EXPECT_EQ(day->end_ms, kNov22Ms + kDayMs) << name;
  }
  for (const char* name : {"spans", "spans-000001", "spans-2026.11", "spans-2026-13-01",
                           "spans-123456789", "spans-20261122334", ""}) {
    EXPECT_FALSE(DayOfIndexName(name)) << name;
  }
}

TEST(IndexCatalog, AnIndexMayHoldWhatIsWithinADayOfItsOwn) {
  const Period range{kNov22Ms + kDayMs / 2, kNov22Ms + kDayMs / 2 + 300'000};
  for (const char* name : {"s-2026.11.21", "s-2026.11.22", "s-2026.11.23", "s", "s-000001"}) {
    EXPECT_TRUE(MayHold(name, range)) << name;
  }
  for (const char* name : {"s-2026.11.20", "s-2026.11.24", "s-2025.11.22"}) {
    EXPECT_FALSE(MayHold(name, range)) << name;
  }
  EXPECT_FALSE(MayHold("s-2026.11.20", {kNov22Ms, kNov22Ms + 1}));
  EXPECT_TRUE(MayHold("s-2026.11.20", {kNov22Ms - 1, kNov22Ms}));
}

TEST(IndexCatalog, EscapesWhatCouldChangeAPath) {
  EXPECT_EQ(EscapePath("spans-2026.11_~*,-old"), "spans-2026.11_~*,-old");
  EXPECT_EQ(EscapePath("a/b?c#d%e&f g<now/d>"), "a%2Fb%3Fc%23d%25e%26f%20g%3Cnow%2Fd%3E");
  EXPECT_EQ(EscapePath("\xC3\xA9\n"), "%C3%A9%0A");
}

TEST(IndexCatalog, AFieldIsWhatAllItsIndicesSay) {
  EXPECT_TRUE((IndexField{.types = {"keyword"}}.IsKeyword()));
  EXPECT_FALSE((IndexField{.types = {"keyword", "text"}}.IsKeyword()));
  EXPECT_TRUE((IndexField{.types = {"date", "date_nanos"}}.IsDate()));
  EXPECT_TRUE((IndexField{.types = {"long", "integer"}}.IsNumber()));
  EXPECT_FALSE((IndexField{.types = {"long", "keyword"}}.IsNumber()));
  EXPECT_FALSE(IndexField().IsNumber());
}

}  // namespace
}  // namespace tymbal::search
