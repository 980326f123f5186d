#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/mysql_db.h"
#include "common/result_check.h"
#include "common/result_store.h"
#include "common/status.h"

namespace tymbal {

// The tables cluster, run, fragment and rejection of a MySQL store. All functions here run inside
// the transaction of their caller. Locks are taken in this order, so that they never form a circle:
// cluster, fragment, run. Nobody who holds a run asks for a fragment of it.

enum class MysqlLock {
  kNone,
  kShare,   ///< Stays as it is until the transaction ends.
  kUpdate,  ///< The same, and nobody else may lock it.
};

/// Errors: kFenced unless `epoch` is the last one that was issued; it stays so until the
/// transaction ends.
Status CheckMysqlEpoch(MysqlDb& db, Epoch epoch, MysqlLock lock);

/// Issues the next epoch; from now on every older one is fenced.
Result<Epoch> TakeMysqlEpoch(MysqlDb& db, const NodeId& holder, Epoch above);

/// Returns the number of a new run. REQUIRES: CheckMysqlEpoch() with kUpdate.
Result<RunId> TakeMysqlRunId(MysqlDb& db);

/// Returns a run with its fragments; `lock` is for the run's row. Errors: kNotFound.
Result<RunRecord> ReadMysqlRun(MysqlDb& db, RunId run, MysqlLock lock);

/// ResultStore::ReadFirstPeriod() and ReadLedger().
Result<std::optional<int64_t>> ReadMysqlFirstPeriod(MysqlDb& db);
Result<std::vector<PeriodLedger>> ReadMysqlLedger(MysqlDb& db, int64_t from_ms, size_t limit);

/// Returns the ids of runs; `sql` selects run_id.
Result<std::vector<RunId>> FindMysqlRuns(MysqlDb& db, std::string_view sql);

struct MysqlRunFacts {
  RunState state = RunState::kOpen;
  int64_t period_start_ms = 0;
};
Result<MysqlRunFacts> ReadMysqlRunFacts(MysqlDb& db, RunId run, MysqlLock lock);

struct MysqlFragmentFacts {
  Token token;
  bool done = false;
};
/// Locks the fragment for update: the first statement of a commit. Errors: kNotFound.
Result<MysqlFragmentFacts> LockMysqlFragment(MysqlDb& db, RunId run, int32_t fragment_no);

/// Gives a fragment that is locked to `node` under a new token.
Status GiveMysqlFragment(MysqlDb& db, RunId run, int32_t fragment_no, Token token,
                         const NodeId& node, int64_t now_ms);

/// Writes a run and its fragments as `record` has them.
Status InsertMysqlRun(MysqlDb& db, const RunRecord& record, uint64_t plan_key);

/// Writes the ledger's part of a commit whose rows were written. `now_ms`: when it was done.
Status MarkMysqlFragmentDone(MysqlDb& db, const FragmentCommit& commit, const CommitTotals& totals,
                             int64_t now_ms);

Status SetMysqlRunState(MysqlDb& db, RunId run, RunState state, std::string_view reason,
                        int64_t now_ms);

/// Returns the state of that name. Errors: kInternal, for a store that holds something else.
Result<RunState> ParseMysqlRunState(std::string_view name);
/// Returns the reason of that name. Errors: kInternal.
Result<RejectReason> ParseMysqlRejectReason(std::string_view name);

}  // namespace tymbal
