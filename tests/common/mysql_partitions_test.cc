#include "common/mysql_partitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/mysql_schema.h"
#include "common/schema_admin.h"

namespace tymbal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kToday = 20'000 * kDayMs;
const MysqlPartition kFuture = {"p_future", true, 0};

TEST(MysqlPartitions, AreNamedByTheirDay) {
  EXPECT_EQ(MysqlPartitionName(0), "p19700101");
  EXPECT_EQ(MysqlPartitionName(kToday), "p20241004");
  EXPECT_EQ(MysqlPartitionName(kToday + kDayMs - 1), "p20241004");
}

TEST(MysqlPartitions, AreCreatedAWeekBackAndTwoAheadInAnEmptyStore) {
  const std::vector<int64_t> days = MissingMysqlDays({kFuture}, kToday + 5);
  ASSERT_THAT(days, SizeIs(22));
  EXPECT_EQ(days.front(), kToday - 7 * kDayMs);
  EXPECT_EQ(days.back(), kToday + 14 * kDayMs);
}

TEST(MysqlPartitions, AreOnlyAddedBehindTheLast) {
  const MysqlPartition last = {"p", false, kToday + 13 * kDayMs};
  EXPECT_THAT(MissingMysqlDays({last, kFuture}, kToday),
              ElementsAre(kToday + 13 * kDayMs, kToday + 14 * kDayMs));
  const MysqlPartition enough = {"p", false, kToday + 15 * kDayMs};
  EXPECT_THAT(MissingMysqlDays({last, enough, kFuture}, kToday), IsEmpty());
  const MysqlPartition old = {"p", false, kToday - 100 * kDayMs};
  EXPECT_EQ(MissingMysqlDays({old, kFuture}, kToday).front(), kToday - 7 * kDayMs)
      << "the first new one takes the days without runs in between";
}

TEST(MysqlPartitions, GoWhenAllOfTheirPeriodsHaveExpired) {
  const MysqlPartition first = {"p1", false, kToday};
  const MysqlPartition second = {"p2", false, kToday + kDayMs};
  EXPECT_THAT(ExpiredMysqlPartitions({first, second, kFuture}, kToday), ElementsAre("p1"));
  EXPECT_THAT(ExpiredMysqlPartitions({first, second, kFuture}, kToday - 1), IsEmpty());
  EXPECT_THAT(ExpiredMysqlPartitions({first, second, kFuture}, kToday * 2), ElementsAre("p1", "p2"))
      << "the last one never goes";
}

TEST(MysqlPartitions, AreSplitOffTheLastInOneStatement) {
  EXPECT_EQ(
      CreateMysqlPartitionsSql("t", {0}),
      "ALTER TABLE t REORGANIZE PARTITION p_future INTO (PARTITION p19700101 VALUES LESS THAN "
      "(86400000), PARTITION p_future VALUES LESS THAN MAXVALUE)");
  EXPECT_EQ(DropMysqlPartitionsSql("t", {"a", "b"}), "ALTER TABLE t DROP PARTITION a, b");
}

TEST(Retention, CutsAtWholeDays) {
  RetainReport report;
  DecideCutoff({.now_ms = kToday + 5, .days = 90}, {}, &report);
  EXPECT_EQ(report.cutoff_ms, kToday - 90 * kDayMs);
  EXPECT_EQ(report.held_back, "");
  EXPECT_EQ(DayStart(-1), -kDayMs);
  EXPECT_EQ(DayStart(-kDayMs), -kDayMs);
}

TEST(Retention, KeepsTheLastPublishedDayAndOpenRuns) {
  RetainReport report;
  RetainFacts facts;
  facts.has_published = true;
  facts.last_published_ms = kToday - 200 * kDayMs + 7;
  DecideCutoff({.now_ms = kToday, .days = 90}, facts, &report);
  EXPECT_EQ(report.cutoff_ms, kToday - 200 * kDayMs);
  EXPECT_NE(report.held_back, "");
  facts.has_open = true;
  facts.oldest_open_ms = kToday - 300 * kDayMs;
  DecideCutoff({.now_ms = kToday, .days = 90}, facts, &report);
  EXPECT_EQ(report.cutoff_ms, kToday - 300 * kDayMs);
}

TEST(SplitSql, LeavesCommentsOutAndQuotedSemicolonsIn) {
  EXPECT_THAT(SplitSql("-- a; b\nSELECT ';', `x;y` -- it's\n;\n\n  SELECT 2 ;-- end"),
              ElementsAre("SELECT ';', `x;y` \n", "SELECT 2 "));
  EXPECT_THAT(SplitSql(" \n-- nothing"), IsEmpty());
}

}  // namespace
}  // namespace tymbal
