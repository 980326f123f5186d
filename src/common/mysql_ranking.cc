#include "common/mysql_ranking.h"

#include <fmt/format.h>

#include "common/mysql_batch.h"

namespace tymbal {

Status WriteMysqlRanking(MysqlDb& db, RunId run, int64_t period_start_ms,
                         const std::vector<RankedMethod>& ranking) {
  MysqlBatch batch(db,
                   {.head = "INSERT INTO top_method (period_start, run_id, sort_key, `rank`,"
                            " endpoint_id) VALUES ",
                    .tail = ""},
                   [run](size_t /*index*/, const Status& status) {
                     return status.WithContext(fmt::format("ranked methods of run {}", run.value));
                   });
  size_t index = 0;
  for (const RankedMethod& ranked : ranking) {
    TYMBAL_RETURN_IF_ERROR(
        batch.Add(index++, fmt::format("({},{},'{}',{},{})", period_start_ms, run.value,
                                       SortKeyName(ranked.key), ranked.rank, ranked.endpoint_id)));
  }
  return batch.Flush();
}

}  // namespace tymbal
