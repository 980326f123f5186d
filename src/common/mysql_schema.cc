#include "common/mysql_schema.h"

#include <fmt/format.h>

#include "common/mysql_literal.h"
#include "common/sql_migrations.h"

namespace tymbal {
namespace {

/// How long a migration waits for another one.
constexpr int kLockSeconds = 30;

Result<int64_t> QueryInt(MysqlDb& db, std::string_view sql) {
  int64_t value = 0;
  TYMBAL_RETURN_IF_ERROR(db.Query(sql, [&value](const MysqlRow& row) {
    value = row.Int(0);
    return Status::Ok();
  }));
  return value;
}

Status CheckNotNewer(MysqlDb& db, int64_t version, int64_t known) {
  if (version <= known) return Status::Ok();
  return InvalidArgument(
      fmt::format("the store {} was written by a newer Tymbal (its schema is {}, this Tymbal knows "
                  "{}); use that",
                  db.target().Name(), version, known));
}

Status ApplyMissing(MysqlDb& db, int64_t version, int64_t now_ms) {
  TYMBAL_RETURN_IF_ERROR(
      db.Execute("CREATE TABLE IF NOT EXISTS schema_migration (number INT NOT NULL PRIMARY KEY,"
                 " name VARBINARY(255) NOT NULL, applied_ms BIGINT NOT NULL) ENGINE=InnoDB"));
  for (const Migration& migration : MysqlMigrations()) {
    if (migration.number <= version) continue;
    for (const std::string& statement : SplitSql(migration.sql)) {
      const Status status = db.Execute(statement);
      if (!status.ok()) return status.WithContext(fmt::format("migration {}", migration.name));
    }
    TYMBAL_RETURN_IF_ERROR(db.Execute(
        fmt::format("INSERT INTO schema_migration (number, name, applied_ms) VALUES ({}, {}, {})",
                    migration.number, MysqlBytes(migration.name), now_ms)));
  }
  return Status::Ok();
}

Result<int64_t> MigrateLocked(MysqlDb& db, int64_t now_ms) {
  const int64_t known = MysqlMigrations().back().number;
  TYMBAL_ASSIGN_OR_RETURN(const int64_t version, ReadMysqlSchemaVersion(db));
  TYMBAL_RETURN_IF_ERROR(CheckNotNewer(db, version, known));
  if (version == known) return 0;
  TYMBAL_RETURN_IF_ERROR(ApplyMissing(db, version, now_ms));
  return known - version;
}

}  // namespace

std::vector<std::string> SplitSql(std::string_view sql) {
  std::vector<std::string> statements;
  std::string statement;
  const auto end_statement = [&] {
    const size_t first = statement.find_first_not_of(" \t\n");
    if (first != std::string::npos) statements.push_back(statement.substr(first));
    statement.clear();
  };
  char quote = 0;
  for (size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (sql.substr(i, 2) == "--") {
      i = sql.find('\n', i);
      if (i == std::string_view::npos) break;
      statement.push_back('\n');
      continue;
    } else if (c == ';') {
      end_statement();
      continue;
    }
    statement.push_back(c);
  }
  end_statement();
  return statements;
}

Result<int64_t> ReadMysqlSchemaVersion(MysqlDb& db) {
  TYMBAL_ASSIGN_OR_RETURN(
      const int64_t exists,
      QueryInt(db,
               "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()"
               " AND table_name = 'schema_migration'"));
  if (exists == 0) return 0;
  return QueryInt(db, "SELECT IFNULL(MAX(number), 0) FROM schema_migration");
}

Status CheckMysqlSchema(MysqlDb& db) {
  const int64_t known = MysqlMigrations().back().number;
  TYMBAL_ASSIGN_OR_RETURN(const int64_t version, ReadMysqlSchemaVersion(db));
  TYMBAL_RETURN_IF_ERROR(CheckNotNewer(db, version, known));
  if (version == known) return Status::Ok();
  return InvalidArgument(fmt::format(
      "the schema of the store {} is {}, this Tymbal needs {}; run `tymbal schema migrate`",
      db.target().Name(), version, known));
}

Result<int64_t> MigrateMysql(MysqlDb& db, int64_t now_ms) {
  TYMBAL_ASSIGN_OR_RETURN(
      const int64_t locked,
      QueryInt(
          db, fmt::format("SELECT GET_LOCK(CONCAT('tymbal:', LEFT(SHA2(DATABASE(), 256), 40)), {})",
                          kLockSeconds)));
  if (locked != 1) return Unavailable("another migration of this store is running");
  const Result<int64_t> applied = MigrateLocked(db, now_ms);
  // Without it the end of the connection would release the lock.
  const Status released =
      db.connected()
          ? db.Query("SELECT RELEASE_LOCK(CONCAT('tymbal:', LEFT(SHA2(DATABASE(), 256), 40)))",
                     [](const MysqlRow&) { return Status::Ok(); })
          : Status::Ok();
  if (applied.has_value() && !released.ok()) return released;
  return applied;
}

}  // namespace tymbal
