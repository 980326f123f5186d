#include "common/mysql_partitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "common/schema_admin.h"
#include "common/time_text.h"

namespace tymbal {

std::string MysqlPartitionName(int64_t time_ms) {
  std::string name = "p";
  for (const char c : TimeZone::Utc().Format(time_ms).substr(0, 10)) {
    if (c != '-') name.push_back(c);
  }
  return name;
}

std::vector<int64_t> MissingMysqlDays(const std::vector<MysqlPartition>& partitions,
                                      int64_t now_ms) {
  const int64_t today = DayStart(now_ms);
  int64_t day = today - kPartitionDaysBehind * kDayMs;
  bool any = false;
  int64_t covered = 0;
  for (const MysqlPartition& partition : partitions) {
    if (partition.is_last) continue;
    covered = any ? std::max(covered, partition.before_ms) : partition.before_ms;
    any = true;
  }
  if (any) day = std::max(day, covered);
  std::vector<int64_t> days;
  for (; day <= today + kPartitionDaysAhead * kDayMs; day += kDayMs) days.push_back(day);
  return days;
}

std::vector<std::string> ExpiredMysqlPartitions(const std::vector<MysqlPartition>& partitions,
                                                int64_t cutoff_ms) {
  std::vector<std::string> names;
  for (const MysqlPartition& partition : partitions) {
    if (!partition.is_last && partition.before_ms <= cutoff_ms) names.push_back(partition.name);
  }
  return names;
}

Result<std::vector<MysqlPartition>> ReadMysqlPartitions(MysqlDb& db, std::string_view table) {
  std::vector<MysqlPartition> partitions;
  TYMBAL_RETURN_IF_ERROR(db.Query(
      fmt::format("SELECT partition_name, partition_description"
                  " FROM information_schema.partitions WHERE table_schema = DATABASE()"
                  " AND table_name = '{}' AND partition_name IS NOT NULL"
                  " ORDER BY partition_ordinal_position",
                  table),
      [&partitions](const MysqlRow& row) {
        MysqlPartition& partition = partitions.emplace_back();
        partition.name = row.String(0);
        const std::string bound = row.String(1);
        partition.is_last = bound == "MAXVALUE";
        if (partition.is_last) return Status::Ok();
        const auto [end, error] =
            std::from_chars(bound.data(), bound.data() + bound.size(), partition.before_ms);
        return error == std::errc() && end == bound.data() + bound.size()
                   ? Status::Ok()
                   : Internal("a partition with an unknown bound: " + bound);
      }));
  if (!partitions.empty() && partitions.back().is_last) return partitions;
  return InvalidArgument(fmt::format(
      "the table {} has no partitions of ours; was it made by `tymbal schema migrate`?", table));
}

std::string CreateMysqlPartitionsSql(std::string_view table, const std::vector<int64_t>& days) {
  std::string sql = fmt::format("ALTER TABLE {} REORGANIZE PARTITION p_future INTO (", table);
  for (const int64_t day : days) {
    fmt::format_to(std::back_inserter(sql), "PARTITION {} VALUES LESS THAN ({}), ",
                   MysqlPartitionName(day), day + kDayMs);
  }
  return sql + "PARTITION p_future VALUES LESS THAN MAXVALUE)";
}

std::string DropMysqlPartitionsSql(std::string_view table, const std::vector<std::string>& names) {
  return fmt::format("ALTER TABLE {} DROP PARTITION {}", table, fmt::join(names, ", "));
}

}  // namespace tymbal
