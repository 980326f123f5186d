#pragma once

#include <string_view>
#include <vector>

#include "common/result_check.h"
#include "common/result_store.h"
#include "common/sqlite_db.h"
#include "common/status.h"

namespace tymbal {

// The tables cluster, run, fragment and rejection of a SQLite store. All functions here run inside
// the transaction of their caller.

/// Errors: kFenced unless `epoch` is the last one that was issued.
Status CheckSqliteEpoch(SqliteDb& db, Epoch epoch);

/// Returns a run with its fragments. Errors: kNotFound.
Result<RunRecord> ReadSqliteRun(SqliteDb& db, RunId run);

/// ResultStore::ReadLedger().
Result<std::vector<PeriodLedger>> ReadSqliteLedger(SqliteDb& db, int64_t from_ms, size_t limit);

/// Returns the ids of runs; `sql` selects run_id and has at most the one parameter.
Result<std::vector<RunId>> FindSqliteRuns(SqliteDb& db, std::string_view sql, int64_t parameter);

/// Writes a run and its fragments as `record` has them, and sets record->id.
Status InsertSqliteRun(SqliteDb& db, RunRecord* record);

/// Writes the ledger's part of a commit whose rows were written. `now_ms`: when it was done.
Status MarkSqliteFragmentDone(SqliteDb& db, const FragmentCommit& commit,
                              const CommitTotals& totals, int64_t now_ms);

/// Returns the rejected spans of all fragments of a run.
Result<RejectCounts> SumSqliteRejections(SqliteDb& db, RunId run);

/// Returns the state of that name. Errors: kInternal, for a store that holds something else.
Result<RunState> ParseRunState(std::string_view name);

}  // namespace tymbal
