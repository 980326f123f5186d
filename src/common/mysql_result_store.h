#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/mysql_db.h"
#include "common/mysql_options.h"
#include "common/mysql_transaction.h"
#include "common/report_source.h"
#include "common/result_store.h"

namespace tymbal {

struct MysqlStoreOptions {
  MysqlTarget target;
  MysqlLimits limits;
  MysqlRuntime runtime;
};

/// The result store in MySQL or MariaDB (sql/mysql/): many nodes write at a time, and the ledger
/// decides what counts. Opened by the wiring in src/cli, used by workers, master and reports.
///
/// Each call is one transaction, run again on deadlocks, lost connections, restarts and failovers
/// for up to limits.retry_ms; each looks into the ledger first, under a lock, so that a COMMIT
/// whose reply was lost counts once. A transaction locks rows of its own fragment only. It doesn't
/// decide who is master, change the schema or delete old periods (mysql_schema_admin.h). Thread: an
/// object is confined to one; runtime's functions must be callable as long as it lives.
class MysqlResultStore : public ResultStore, public ReportSource {
 public:
  /// Connects. Errors: kUnavailable when the server can't be reached, kInvalidArgument when a
  /// person must change something: account, TLS, a schema that this build doesn't know.
  static Result<std::unique_ptr<MysqlResultStore>> Open(const MysqlStoreOptions& options);

  using ResultStore::TakeEpoch;
  Result<Epoch> TakeEpoch(const NodeId& holder, Epoch above) override;
  Result<RunRecord> PlanRun(Epoch epoch, const RunPlan& plan) override;
  Result<Token> HandOver(Epoch epoch, RunId run, int32_t fragment_no, const NodeId& node) override;
  Result<CommitOutcome> CommitFragment(const FragmentCommit& commit) override;
  Status VisitMethodRows(RunId run, const std::function<Status(const StatRow&)>& visit) override;
  Status PublishRun(Epoch epoch, RunId run, const Publication& publication) override;
  Status FailRun(Epoch epoch, RunId run, std::string_view reason) override;
  Status PurgeRun(RunId run) override;
  Result<int64_t> FixFirstPeriod(Epoch epoch, int64_t proposed_start_ms) override;
  Result<std::optional<int64_t>> ReadFirstPeriod() override;
  Result<std::vector<PeriodLedger>> ReadLedger(int64_t from_ms, size_t limit) override;
  Result<RunRecord> ReadRun(RunId run) override;
  Result<std::vector<RunRecord>> ReadOpenRuns() override;
  Result<std::optional<RunRecord>> ReadPublishedRun(int64_t start_ms) override;

  Result<std::vector<StatReportRow>> ReadStats(const StatQuery& query) override;
  Result<std::vector<SlowReportRow>> ReadSlowCalls(const RowFilter& filter, size_t limit) override;
  Result<std::vector<PeriodReportRow>> ReadPeriods(int64_t from_ms, int64_t to_ms) override;
  Result<std::optional<int64_t>> LastPublishedStart() override;

 private:
  explicit MysqlResultStore(const MysqlStoreOptions& options)
      : db_(options.target, options.limits), runtime_(options.runtime) {}

  /// Runs `body`, which returns a Result, in a transaction, as often as that takes.
  template <typename Body>
  auto Transact(MysqlTransactionKind kind, const Body& body) -> decltype(body());
  Status Write(const std::function<Status()>& body);

  Status CheckNoOverlap(const Period& period);
  Result<RunRecord> PlanOnce(Epoch epoch, const RunPlan& plan, uint64_t plan_key,
                             int64_t created_ms);
  Result<CommitOutcome> CommitOnce(const FragmentCommit& commit);
  Status PublishOnce(Epoch epoch, RunId run, const Publication& publication);

  MysqlDb db_;
  MysqlRuntime runtime_;
};

}  // namespace tymbal
