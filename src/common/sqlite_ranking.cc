#include "common/sqlite_ranking.h"

#include <fmt/format.h>

#include "common/method_ranking.h"
#include "common/sqlite_rows.h"

namespace tymbal {

Status RankSqliteMethods(SqliteDb& db, RunId run, int64_t period_start_ms) {
  MethodRanking ranking;
  {
    TYMBAL_ASSIGN_OR_RETURN(
        SqliteStatement select,
        db.Prepare(fmt::format(
            "SELECT s.endpoint_id, e.app, e.service, e.method, {}"
            " FROM endpoint_stat s CROSS JOIN endpoint e ON e.endpoint_id = s.endpoint_id"
            " WHERE s.period_start = ? AND s.run_id = ? AND s.fragment_no IS NOT NULL",
            kSqliteStatColumns)));
    select.BindInt(1, period_start_ms);
    select.BindInt(2, run.value);
    StatRow row;
    while (true) {
      TYMBAL_ASSIGN_OR_RETURN(const bool more, select.Step());
      if (!more) break;
      row.endpoint_id = EndpointIdOfStored(select.Int(0));
      row.name = {select.String(1), select.String(2), select.String(3)};
      row.stat = ReadSqliteStat(select, 4);
      ranking.Add(row);
    }
  }
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement insert,
                          db.Prepare("INSERT INTO top_method (run_id, sort_key, rank, endpoint_id)"
                                     " VALUES (?, ?, ?, ?)"));
  insert.BindInt(1, run.value);
  for (const MethodRanking::Ranked& ranked : ranking.Finish()) {
    insert.BindText(2, SortKeyName(ranked.key));
    insert.BindInt(3, ranked.rank);
    insert.BindInt(4, StoredEndpointId(ranked.endpoint_id));
    TYMBAL_RETURN_IF_ERROR(insert.Run());
  }
  return Status::Ok();
}

}  // namespace tymbal
