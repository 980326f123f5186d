#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/report_source.h"
#include "common/result_store.h"
#include "common/sqlite_db.h"

namespace tymbal {

struct SqliteOptions {
  std::string path;
  bool create = false;     ///< Make the store where there is none, and bring its schema up to date.
  bool read_only = false;  ///< For reports. Not together with `create`.
  /// Returns the time in ms since the UTC epoch. Called within the calls, on their thread.
  std::function<int64_t()> now;
};

/// The result store in one SQLite file (sql/sqlite/): the embedded default, and what `tymbal
/// report` reads without a server. Opened by the wiring in src/cli, used by workers, master and
/// reports.
///
/// Several objects, in one process or in many, may have the same file open: one of them writes at a
/// time, the others wait up to 10 s; readers never wait and see a snapshot. What is committed is on
/// the disk. It doesn't decide who is master, delete old periods or guess what is missing.
/// Thread: an object is confined to one. `now` must be callable as long as the object lives.
class SqliteResultStore : public ResultStore, public ReportSource {
 public:
  /// Errors: kNotFound when there is no store, kInvalidArgument when the path or the file is no
  /// good, kUnavailable when others keep the file locked.
  static Result<std::unique_ptr<SqliteResultStore>> Open(const SqliteOptions& options);

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
  SqliteResultStore(std::unique_ptr<SqliteDb> db, std::function<int64_t()> now)
      : db_(std::move(db)), now_(std::move(now)) {}

  Result<SqliteTransaction> BeginWrite();
  Result<SqliteTransaction> BeginRead();
  /// Errors: kConflict when a new run of the period may not begin.
  Status CheckNoOverlap(const Period& period);
  Status SetRunState(RunId run, RunState state, std::string_view reason);

  std::unique_ptr<SqliteDb> db_;
  std::function<int64_t()> now_;
};

}  // namespace tymbal
