#include "report/row_order.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tymbal::report {
namespace {

StatReportRow Row(int64_t start_ms, const std::string& app, uint64_t calls, uint64_t errors = 0) {
  StatReportRow row;
  row.period = {start_ms, start_ms + 1};
  row.row.name.app = app;
  row.row.stat.calls = calls;
  row.row.stat.errors = errors;
  return row;
}

std::string Sorted(SortKey key, std::vector<StatReportRow> rows) {
  SortRows(key, &rows);
  std::string order;
  for (const StatReportRow& row : rows) {
    order += row.row.name.app + std::to_string(row.period.start_ms) + " ";
  }
  return order;
}

TEST(RowOrder, PutsLargeNumbersFirstAndTiesByNameThenTime) {
  EXPECT_EQ(
      Sorted(SortKey::kCalls, {Row(2, "b", 5), Row(1, "b", 5), Row(3, "a", 5), Row(4, "c", 9)}),
      "c4 a3 b1 b2 ");
}

TEST(RowOrder, SortsByTimeThenName) {
  EXPECT_EQ(Sorted(SortKey::kTime, {Row(2, "a", 1), Row(1, "b", 1), Row(1, "a", 1)}), "a1 b1 a2 ");
}

TEST(RowOrder, SortsByNameThenTime) {
  EXPECT_EQ(Sorted(SortKey::kName, {Row(2, "a", 1), Row(1, "b", 1), Row(1, "a", 1)}), "a1 a2 b1 ");
}

TEST(RowOrder, ComparesRatesExactlyWhereDoublesCannot) {
  const uint64_t calls = kStoredMax;
  EXPECT_EQ(Sorted(SortKey::kErrorRate, {Row(1, "a", calls, calls - 2),
                                         Row(2, "b", calls, calls - 1), Row(3, "c", 0, 0)}),
            "b2 a1 c3 ");
}

}  // namespace
}  // namespace tymbal::report
