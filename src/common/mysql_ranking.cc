#include "common/mysql_ranking.h"

#include <fmt/format.h>

#include "common/method_ranking.h"
#include "common/mysql_batch.h"
#include "common/mysql_rows.h"

namespace tymbal {
namespace {

/// Rows that are read at once: the client holds them all.
constexpr size_t kPageRows = 10'000;

Result<MethodRanking> ReadRanking(MysqlDb& db, RunId run, int64_t period_start_ms) {
  MethodRanking ranking;
  StatRow row;
  uint64_t next_id = 0;
  while (true) {
    size_t rows = 0;
    TYMBAL_RETURN_IF_ERROR(
        db.Query(fmt::format("SELECT s.endpoint_id, e.app, e.service, e.method, {}"
                             " FROM endpoint_stat s STRAIGHT_JOIN endpoint e"
                             " ON e.endpoint_id = s.endpoint_id"
                             " WHERE s.period_start = {} AND s.endpoint_id >= {} AND s.run_id = {}"
                             " AND s.fragment_no IS NOT NULL ORDER BY s.endpoint_id LIMIT {}",
                             kMysqlStatColumns, period_start_ms, next_id, run.value, kPageRows),
                 [&](const MysqlRow& found) {
                   ++rows;
                   row.endpoint_id = found.Count(0);
                   row.name = {found.String(1), found.String(2), found.String(3)};
                   row.stat = ReadMysqlStat(found, 4);
                   ranking.Add(row);
                   return Status::Ok();
                 }));
    if (rows < kPageRows || row.endpoint_id == UINT64_MAX) return ranking;
    next_id = row.endpoint_id + 1;
  }
}

}  // namespace

Status RankMysqlMethods(MysqlDb& db, RunId run, int64_t period_start_ms) {
  TYMBAL_ASSIGN_OR_RETURN(MethodRanking ranking, ReadRanking(db, run, period_start_ms));
  MysqlBatch batch(db,
                   {.head = "INSERT INTO top_method (period_start, run_id, sort_key, `rank`,"
                            " endpoint_id) VALUES ",
                    .tail = ""},
                   [run](size_t /*index*/, const Status& status) {
                     return status.WithContext(fmt::format("ranked methods of run {}", run.value));
                   });
  size_t index = 0;
  for (const MethodRanking::Ranked& ranked : ranking.Finish()) {
    TYMBAL_RETURN_IF_ERROR(
        batch.Add(index++, fmt::format("({},{},'{}',{},{})", period_start_ms, run.value,
                                       SortKeyName(ranked.key), ranked.rank, ranked.endpoint_id)));
  }
  return batch.Flush();
}

}  // namespace tymbal
