#include "common/sqlite_ranking.h"

#include "common/sqlite_insert.h"
#include "common/sqlite_rows.h"

namespace tymbal {

Status WriteSqliteRanking(SqliteDb& db, RunId run, const std::vector<RankedMethod>& ranking) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteInsert insert,
      SqliteInsert::Create(db, "top_method (run_id, sort_key, rank, endpoint_id)", 4,
                           ranking.size()));
  for (const RankedMethod& method : ranking) {
    TYMBAL_RETURN_IF_ERROR(insert.Add([&](SqliteStatement* values, int first) {
      values->BindInt(first, run.value);
      values->BindText(first + 1, SortKeyName(method.key));
      values->BindInt(first + 2, method.rank);
      values->BindInt(first + 3, StoredEndpointId(method.endpoint_id));
    }));
  }
  insert.Finish();
  return Status::Ok();
}

}  // namespace tymbal
