#include "common/mysql_schema_admin.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/mysql_ledger.h"
#include "common/mysql_partitions.h"
#include "common/mysql_schema.h"
#include "common/mysql_transaction.h"
#include "common/sql_migrations.h"
#include "common/time_text.h"

namespace tymbal {
namespace {

/// How long changing a table waits for those who use it. All who come later wait behind it, so it
/// is short; the next attempt has better luck.
constexpr int kTableLockSeconds = 2;
constexpr int kTableLockAttempts = 5;
constexpr int64_t kTableLockPauseMs = 3000;
/// What one transaction deletes.
constexpr size_t kRunsPerStep = 100;
constexpr size_t kRowsPerStep = 2000;

class MysqlSchemaAdmin : public SchemaAdmin {
 public:
  explicit MysqlSchemaAdmin(const MysqlStoreOptions& options)
      : db_(options.target, options.limits), runtime_(options.runtime) {}

  Result<SchemaState> ReadState() override;
  Result<int64_t> Migrate(int64_t now_ms) override;
  Result<RetainReport> Retain(const RetainOptions& options) override;

 private:
  Status Connect() { return db_.connected() ? Status::Ok() : db_.Connect(); }
  Status Write(const std::function<Status()>& body) {
    return RunMysqlTransaction(db_, runtime_, MysqlTransactionKind::kWrite, body);
  }
  Status AlterTable(const std::string& sql);
  Status CreateAhead(int64_t now_ms, bool dry_run, std::vector<std::string>* created);
  Status DropExpired(int64_t cutoff_ms, bool dry_run, std::vector<std::string>* dropped);
  Status DeleteLedger(int64_t cutoff_ms);
  Status DeleteRest(int64_t cutoff_ms);
  Status CheckServer(SchemaState* state);
  Status CheckPartitions(SchemaState* state);

  MysqlDb db_;
  MysqlRuntime runtime_;
};

Status MysqlSchemaAdmin::CheckServer(SchemaState* state) {
  std::map<std::string, std::string> variables;
  TYMBAL_RETURN_IF_ERROR(
      db_.Query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('innodb_flush_log_at_trx_commit',"
                " 'log_bin', 'binlog_format', 'sync_binlog', 'wsrep_on')",
                [&variables](const MysqlRow& row) {
                  variables[row.String(0)] = row.String(1);
                  return Status::Ok();
                }));
  const bool logs = variables["log_bin"] == "ON";
  if (variables["innodb_flush_log_at_trx_commit"] != "1") {
    state->warnings.push_back(
        "innodb_flush_log_at_trx_commit isn't 1: a crash of the server may take back what was "
        "committed; set it to 1");
  }
  if (logs && variables["binlog_format"] == "STATEMENT") {
    state->warnings.push_back(
        "binlog_format is STATEMENT, which refuses every write of Tymbal; set it to ROW or MIXED");
  }
  if (logs && variables["sync_binlog"] != "1") {
    state->warnings.push_back(
        "sync_binlog isn't 1: replicas may differ from the primary after a crash; set it to 1");
  }
  if (variables["wsrep_on"] == "ON") {
    state->warnings.push_back(
        "this is a Galera cluster: send all of Tymbal to one node; exactly-once is not promised");
  }
  return Status::Ok();
}

Status MysqlSchemaAdmin::CheckPartitions(SchemaState* state) {
  for (const std::string_view table : kMysqlPartitionedTables) {
    TYMBAL_ASSIGN_OR_RETURN(const auto partitions, ReadMysqlPartitions(db_, table));
    const auto missing = MissingMysqlDays(partitions, runtime_.now_ms());
    // Half of what is created ahead is the time to notice.
    if (missing.size() > static_cast<size_t>(kPartitionDaysAhead) / 2) {
      state->warnings.push_back(fmt::format(
          "the table {} has partitions for the next {} days only; run `tymbal schema retain` daily",
          table,
          std::max<int64_t>(0, kPartitionDaysAhead + 1 - static_cast<int64_t>(missing.size()))));
    }
    bool rows = false;
    TYMBAL_RETURN_IF_ERROR(
        db_.Query(fmt::format("SELECT 1 FROM {} PARTITION (p_future) LIMIT 1", table),
                  [&rows](const MysqlRow&) {
                    rows = true;
                    return Status::Ok();
                  }));
    if (rows) {
      state->warnings.push_back(fmt::format(
          "the table {} has rows behind its last day; `tymbal schema retain` moves them "
          "into partitions, while writers wait",
          table));
    }
  }
  return Status::Ok();
}

Result<SchemaState> MysqlSchemaAdmin::ReadState() {
  TYMBAL_RETURN_IF_ERROR(Connect());
  SchemaState state;
  state.known = MysqlMigrations().back().number;
  state.server = (db_.is_mariadb() ? "MariaDB " : "MySQL ") + db_.version();
  TYMBAL_ASSIGN_OR_RETURN(state.version, ReadMysqlSchemaVersion(db_));
  TYMBAL_RETURN_IF_ERROR(CheckServer(&state));
  if (state.version == state.known) TYMBAL_RETURN_IF_ERROR(CheckPartitions(&state));
  return state;
}

Status MysqlSchemaAdmin::AlterTable(const std::string& sql) {
  Status status;
  for (int attempt = 0; attempt < kTableLockAttempts; ++attempt) {
    if (attempt > 0) runtime_.pause(kTableLockPauseMs);
    TYMBAL_RETURN_IF_ERROR(Connect());
    TYMBAL_RETURN_IF_ERROR(
        db_.Execute(fmt::format("SET SESSION lock_wait_timeout={}", kTableLockSeconds)));
    status = db_.Execute(sql);
    if (status.ok() || db_.last_error() != MysqlErrorKind::kRetry) break;
  }
  if (db_.connected()) {
    TYMBAL_RETURN_IF_ERROR(
        db_.Execute(fmt::format("SET SESSION lock_wait_timeout={}", db_.limits().lock_wait_s)));
  }
  return status.ok() ? status
                     : status.WithContext("changing the partitions, while somebody uses the table");
}

Status MysqlSchemaAdmin::CreateAhead(int64_t now_ms, bool dry_run,
                                     std::vector<std::string>* created) {
  for (const std::string_view table : kMysqlPartitionedTables) {
    TYMBAL_ASSIGN_OR_RETURN(const auto partitions, ReadMysqlPartitions(db_, table));
    const std::vector<int64_t> days = MissingMysqlDays(partitions, now_ms);
    if (days.empty()) continue;
    if (!dry_run) TYMBAL_RETURN_IF_ERROR(AlterTable(CreateMysqlPartitionsSql(table, days)));
    for (const int64_t day : days) {
      created->push_back(fmt::format("{}.{}", table, MysqlPartitionName(day)));
    }
  }
  return Status::Ok();
}

Status MysqlSchemaAdmin::DropExpired(int64_t cutoff_ms, bool dry_run,
                                     std::vector<std::string>* dropped) {
  for (const std::string_view table : kMysqlPartitionedTables) {
    TYMBAL_ASSIGN_OR_RETURN(const auto partitions, ReadMysqlPartitions(db_, table));
    const std::vector<std::string> expired = ExpiredMysqlPartitions(partitions, cutoff_ms);
    if (expired.empty()) continue;
    if (!dry_run) TYMBAL_RETURN_IF_ERROR(AlterTable(DropMysqlPartitionsSql(table, expired)));
    for (const std::string& name : expired) dropped->push_back(fmt::format("{}.{}", table, name));
  }
  return Status::Ok();
}

Result<int64_t> MysqlSchemaAdmin::Migrate(int64_t now_ms) {
  TYMBAL_RETURN_IF_ERROR(Connect());
  TYMBAL_ASSIGN_OR_RETURN(const int64_t applied, MigrateMysql(db_, now_ms));
  std::vector<std::string> created;
  TYMBAL_RETURN_IF_ERROR(CreateAhead(now_ms, /*dry_run=*/false, &created));
  return applied;
}

/// First, so that nothing shows a run whose rows are going.
Status MysqlSchemaAdmin::DeleteLedger(int64_t cutoff_ms) {
  bool more = true;
  const auto step = [this, cutoff_ms, &more]() -> Status {
    TYMBAL_ASSIGN_OR_RETURN(
        const std::vector<RunId> runs,
        FindMysqlRuns(db_, fmt::format("SELECT run_id FROM run WHERE period_start < {}"
                                       " AND state <> 'open' ORDER BY run_id LIMIT {} FOR UPDATE",
                                       cutoff_ms, kRunsPerStep)));
    more = !runs.empty();
    if (!more) return Status::Ok();
    std::vector<int64_t> ids;
    for (const RunId run : runs) ids.push_back(run.value);
    for (const std::string_view table : {"rejection", "fragment", "run"}) {
      TYMBAL_RETURN_IF_ERROR(db_.Execute(
          fmt::format("DELETE FROM {} WHERE run_id IN ({})", table, fmt::join(ids, ","))));
    }
    return Status::Ok();
  };
  while (more) TYMBAL_RETURN_IF_ERROR(Write(step));
  return Status::Ok();
}

/// What lies in partitions that also hold younger days: mostly nothing.
Status MysqlSchemaAdmin::DeleteRest(int64_t cutoff_ms) {
  for (const std::string_view table : kMysqlPartitionedTables) {
    // Looking takes no locks; the first partition has no lower bound, so it is always looked at.
    uint64_t deleted = 0;
    TYMBAL_RETURN_IF_ERROR(
        db_.Query(fmt::format("SELECT 1 FROM {} WHERE period_start < {} LIMIT 1", table, cutoff_ms),
                  [&deleted](const MysqlRow&) {
                    deleted = 1;
                    return Status::Ok();
                  }));
    const auto step = [this, cutoff_ms, table, &deleted]() -> Status {
      TYMBAL_ASSIGN_OR_RETURN(
          deleted, db_.Update(fmt::format("DELETE FROM {} WHERE period_start < {} LIMIT {}", table,
                                          cutoff_ms, kRowsPerStep)));
      return Status::Ok();
    };
    while (deleted > 0) TYMBAL_RETURN_IF_ERROR(Write(step));
  }
  return Status::Ok();
}

Result<RetainFacts> ReadFacts(MysqlDb& db) {
  RetainFacts facts;
  TYMBAL_RETURN_IF_ERROR(
      db.Query("SELECT MAX(published_start), MIN(open_start) FROM run", [&](const MysqlRow& row) {
        facts.has_published = !row.IsNull(0);
        facts.last_published_ms = row.Int(0);
        facts.has_open = !row.IsNull(1);
        facts.oldest_open_ms = row.Int(1);
        return Status::Ok();
      }));
  return facts;
}

Result<RetainReport> MysqlSchemaAdmin::Retain(const RetainOptions& options) {
  TYMBAL_RETURN_IF_ERROR(Connect());
  TYMBAL_RETURN_IF_ERROR(CheckMysqlSchema(db_));
  RetainReport report;
  TYMBAL_ASSIGN_OR_RETURN(const RetainFacts facts, ReadFacts(db_));
  DecideCutoff(options, facts, &report);
  TYMBAL_RETURN_IF_ERROR(
      db_.Query(fmt::format("SELECT COUNT(*) FROM run WHERE period_start < {} AND state <> 'open'",
                            report.cutoff_ms),
                [&report](const MysqlRow& row) {
                  report.runs = row.Count(0);
                  return Status::Ok();
                }));
  // Creating first: that is what the next hours need, whatever comes of the rest.
  TYMBAL_RETURN_IF_ERROR(CreateAhead(options.now_ms, options.dry_run, &report.partitions_created));
  if (!options.dry_run) {
    // First, or a cluster would compute anew what is deleted here.
    TYMBAL_RETURN_IF_ERROR(Write([this, cutoff_ms = report.cutoff_ms] {
      return db_.Execute(fmt::format(
          "UPDATE job SET first_period_start = {0} WHERE first_period_start < {0}", cutoff_ms));
    }));
    TYMBAL_RETURN_IF_ERROR(DeleteLedger(report.cutoff_ms));
  }
  TYMBAL_RETURN_IF_ERROR(
      DropExpired(report.cutoff_ms, options.dry_run, &report.partitions_dropped));
  if (!options.dry_run) TYMBAL_RETURN_IF_ERROR(DeleteRest(report.cutoff_ms));
  return report;
}

}  // namespace

std::unique_ptr<SchemaAdmin> MakeMysqlSchemaAdmin(const MysqlStoreOptions& options) {
  return std::make_unique<MysqlSchemaAdmin>(options);
}

}  // namespace tymbal
