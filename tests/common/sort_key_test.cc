#include "common/sort_key.h"

#include <gtest/gtest.h>

namespace tymbal {
namespace {

TEST(SortKeyTest, ReadsTheNamesThatItWrites) {
  for (const char* name : {"time", "name", "calls", "errors", "error_rate", "sum", "mean", "max",
                           "p50", "p75", "p90", "p95", "p99", "p999"}) {
    const Result<SortKey> key = ParseSortKey(name);
    ASSERT_TRUE(key.has_value()) << name;
    EXPECT_EQ(SortKeyName(*key), name);
  }
  const Result<SortKey> wrong = ParseSortKey("p98");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(wrong.error().message().starts_with("can't sort by 'p98'; write one of time, name"));
}

}  // namespace
}  // namespace tymbal
