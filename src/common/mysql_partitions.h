#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/mysql_db.h"
#include "common/status.h"

namespace tymbal {

// The tables of results have one partition for each UTC day, by period_start. The
// first takes everything older, the last, p_future, everything behind the last day.

inline constexpr std::string_view kMysqlPartitionedTables[] = {"endpoint_stat", "slow_call",
                                                               "top_method"};

struct MysqlPartition {
  std::string name;
  bool is_last = false;   ///< p_future.
  int64_t before_ms = 0;  ///< It holds periods that begin earlier; not for the last.
};

/// Returns "p20261123" for any time of that day.
std::string MysqlPartitionName(int64_t time_ms);

/// How many days are created ahead of now, and, in a store without any, behind.
inline constexpr int64_t kPartitionDaysAhead = 14;
inline constexpr int64_t kPartitionDaysBehind = 7;

/// Returns the starts of the days that need a partition: none that is there, none before the last
/// that is there, as a partition can only be split off p_future.
std::vector<int64_t> MissingMysqlDays(const std::vector<MysqlPartition>& partitions,
                                      int64_t now_ms);

/// Returns the names of those that hold nothing but periods before `cutoff_ms`.
std::vector<std::string> ExpiredMysqlPartitions(const std::vector<MysqlPartition>& partitions,
                                                int64_t cutoff_ms);

/// Returns a table's partitions in their order.
Result<std::vector<MysqlPartition>> ReadMysqlPartitions(MysqlDb& db, std::string_view table);

/// Splits the days off p_future. REQUIRES: days as MissingMysqlDays() gives them, not empty.
std::string CreateMysqlPartitionsSql(std::string_view table, const std::vector<int64_t>& days);
std::string DropMysqlPartitionsSql(std::string_view table, const std::vector<std::string>& names);

}  // namespace tymbal
