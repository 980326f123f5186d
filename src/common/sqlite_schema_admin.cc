#include "common/sqlite_schema_admin.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "common/sql_migrations.h"
#include "common/sqlite_ledger.h"
#include "common/sqlite_schema.h"

namespace tymbal {
namespace {

class SqliteSchemaAdmin : public SchemaAdmin {
 public:
  explicit SqliteSchemaAdmin(std::string path) : path_(std::move(path)) {}

  Result<SchemaState> ReadState() override;
  Result<int64_t> Migrate(int64_t now_ms) override;
  Result<RetainReport> Retain(const RetainOptions& options) override;

 private:
  std::string path_;
};

Result<int64_t> VersionOf(const std::string& path) {
  TYMBAL_ASSIGN_OR_RETURN(const auto db, SqliteDb::Open(path, SqliteDb::Mode::kReadOnly));
  return db->QueryInt("PRAGMA user_version");
}

Result<SchemaState> SqliteSchemaAdmin::ReadState() {
  SchemaState state;
  state.known = SqliteMigrations().back().number;
  state.server = "SQLite";
  std::error_code error;
  if (!std::filesystem::exists(path_, error)) {
    return NotFound(fmt::format("there is no store {}; `tymbal schema migrate` makes it", path_));
  }
  // Whether it is one of ours, and not newer; an older one is no error here.
  const Result<std::unique_ptr<SqliteDb>> opened =
      OpenSqliteStore({.path = path_, .create = false, .read_only = true});
  TYMBAL_ASSIGN_OR_RETURN(state.version, VersionOf(path_));
  if (state.version == state.known && !opened.has_value()) return opened.error();
  if (opened.has_value()) {
    TYMBAL_ASSIGN_OR_RETURN(SqliteStatement check, (*opened)->Prepare("PRAGMA quick_check(1)"));
    TYMBAL_ASSIGN_OR_RETURN(const bool row, check.Step());
    if (row && check.Bytes(0) != "ok") {
      state.warnings.push_back("the file is damaged: " + check.String(0));
    }
  }
  return state;
}

Result<int64_t> SqliteSchemaAdmin::Migrate(int64_t /*now_ms*/) {
  std::error_code error;
  int64_t before = 0;
  if (std::filesystem::is_regular_file(path_, error) &&
      std::filesystem::file_size(path_, error) > 0) {
    TYMBAL_ASSIGN_OR_RETURN(before, VersionOf(path_));
  }
  TYMBAL_ASSIGN_OR_RETURN(const auto db,
                          OpenSqliteStore({.path = path_, .create = true, .read_only = false}));
  TYMBAL_ASSIGN_OR_RETURN(const int64_t after, db->QueryInt("PRAGMA user_version"));
  return after - before;
}

Result<RetainFacts> ReadFacts(SqliteDb& db) {
  RetainFacts facts;
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db.Prepare("SELECT (SELECT max(period_start) FROM run WHERE state = 'published'),"
                 " (SELECT min(period_start) FROM run WHERE state = 'open')"));
  TYMBAL_ASSIGN_OR_RETURN(const bool row, select.Step());
  if (!row) return facts;
  facts.has_published = !select.IsNull(0);
  facts.last_published_ms = select.Int(0);
  facts.has_open = !select.IsNull(1);
  facts.oldest_open_ms = select.Int(1);
  return facts;
}

/// A run at a time: all of it goes, or nothing, and other writers come in between.
Status DeleteRun(SqliteDb& db, RunId run) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction,
                          SqliteTransaction::Begin(db, SqliteTransaction::Kind::kWrite));
  for (const std::string_view sql :
       {"DELETE FROM endpoint_stat WHERE period_start ="
        " (SELECT period_start FROM run WHERE run_id = ?1) AND run_id = ?1",
        "DELETE FROM slow_call WHERE run_id = ?1", "DELETE FROM top_method WHERE run_id = ?1",
        "DELETE FROM rejection WHERE run_id = ?1", "DELETE FROM fragment WHERE run_id = ?1",
        "DELETE FROM run WHERE run_id = ?1"}) {
    TYMBAL_ASSIGN_OR_RETURN(SqliteStatement statement, db.Prepare(sql));
    statement.BindInt(1, run.value);
    TYMBAL_RETURN_IF_ERROR(statement.Run());
  }
  return transaction.Commit();
}

Status MoveFirstPeriod(SqliteDb& db, int64_t cutoff_ms) {
  TYMBAL_ASSIGN_OR_RETURN(
      SqliteStatement update,
      db.Prepare("UPDATE job SET first_period_start = ?1 WHERE first_period_start < ?1"));
  update.BindInt(1, cutoff_ms);
  return update.Run();
}

Result<RetainReport> SqliteSchemaAdmin::Retain(const RetainOptions& options) {
  TYMBAL_ASSIGN_OR_RETURN(
      const auto db,
      OpenSqliteStore({.path = path_, .create = false, .read_only = options.dry_run}));
  RetainReport report;
  TYMBAL_ASSIGN_OR_RETURN(const RetainFacts facts, ReadFacts(*db));
  DecideCutoff(options, facts, &report);
  TYMBAL_ASSIGN_OR_RETURN(
      const std::vector<RunId> expired,
      FindSqliteRuns(*db,
                     "SELECT run_id FROM run WHERE period_start < ? AND state <> 'open'"
                     " ORDER BY period_start, run_id",
                     report.cutoff_ms));
  report.runs = expired.size();
  if (options.dry_run) return report;
  // First, or a cluster would compute anew what is deleted here.
  TYMBAL_RETURN_IF_ERROR(MoveFirstPeriod(*db, report.cutoff_ms));
  for (const RunId run : expired) TYMBAL_RETURN_IF_ERROR(DeleteRun(*db, run));
  return report;
}

}  // namespace

std::unique_ptr<SchemaAdmin> MakeSqliteSchemaAdmin(std::string path) {
  return std::make_unique<SqliteSchemaAdmin>(std::move(path));
}

}  // namespace tymbal
