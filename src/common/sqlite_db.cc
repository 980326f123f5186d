#include "common/sqlite_db.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/check.h"

namespace tymbal {
namespace {

/// How long a call waits for another writer before it is kUnavailable.
constexpr int kBusyTimeoutMs = 10'000;

/// Pages in memory per connection. A commit dirties more than that, but in the order of its keys,
/// so what goes to the log early goes there once.
constexpr int kCacheKib = 4 * 1024;

/// Pages of new files. A row of results has some 430 bytes, a commit thousands of them: large pages
/// make fewer writes of it, a flatter tree, and less room that stays empty.
constexpr int kPageBytes = 16 * 1024;

/// The log is copied into the file when it is longer: larger than most commits, so that fragments
/// of one period, which touch the same pages, are copied once.
constexpr int64_t kLogBytes = int64_t{64} * 1024 * 1024;

/// SQLite counts the memory it takes, for all threads, under a lock: an eighth of a commit's time,
/// for numbers that nobody asks for. Must come before the first connection of the process.
void TurnMemoryStatisticsOff() {
  static const int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(code);  // Refused where SQLite runs already: then it counts.
}

/// SQLite itself calls only ENOSPC a full disk.
bool NoSpace(int system_error) {
  return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
}

/// Returns the errno of the last operation on the file or, more telling, on its log.
/// sqlite3_system_errno() won't do: by then errno may be that of the clean-up.
int SystemError(sqlite3* db) {
  int error = 0;
  sqlite3_file* log = nullptr;
  sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
  if (log != nullptr && log->pMethods != nullptr) {
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
  }
  if (error == 0) sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
  return error != 0 ? error : sqlite3_system_errno(db);
}

}  // namespace

// --- SqliteStatement

SqliteStatement::SqliteStatement(SqliteStatement&& other) noexcept
    : db_(other.db_),
      sql_(std::move(other.sql_)),
      statement_(std::exchange(other.statement_, nullptr)),
      bind_error_(other.bind_error_) {}

SqliteStatement::~SqliteStatement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);  // Repeats the error of the last step, which was returned there.
  sqlite3_clear_bindings(statement_);
  db_->idle_[sql_].push_back(statement_);
}

void SqliteStatement::Note(int code) {
  if (code != SQLITE_OK && bind_error_ == SQLITE_OK) bind_error_ = code;
}

void SqliteStatement::BindNull(int parameter) { Note(sqlite3_bind_null(statement_, parameter)); }

void SqliteStatement::BindInt(int parameter, int64_t value) {
  Note(sqlite3_bind_int64(statement_, parameter, value));
}

void SqliteStatement::BindCount(int parameter, uint64_t value) {
  TYMBAL_CHECK(value <= INT64_MAX, "a count that the store can't hold");
  BindInt(parameter, static_cast<int64_t>(value));
}

void SqliteStatement::BindReal(int parameter, double value) {
  Note(sqlite3_bind_double(statement_, parameter, value));
}

void SqliteStatement::BindBlob(int parameter, std::string_view bytes) {
  // A null pointer would mean NULL, not empty.
  const char* data = bytes.empty() ? "" : bytes.data();
  Note(sqlite3_bind_blob64(statement_, parameter, data, bytes.size(), SQLITE_STATIC));
}

void SqliteStatement::BindText(int parameter, std::string_view text) {
  const char* data = text.empty() ? "" : text.data();
  Note(sqlite3_bind_text64(statement_, parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

Result<bool> SqliteStatement::Step() {
  if (bind_error_ != SQLITE_OK) return db_->Error(std::exchange(bind_error_, SQLITE_OK));
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  Status error = db_->Error(code);
  sqlite3_reset(statement_);
  return error;
}

Status SqliteStatement::Run() {
  while (true) {
    const Result<bool> row = Step();
    if (!row.has_value()) return row.error();
    if (!*row) return Status::Ok();
  }
}

bool SqliteStatement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

int64_t SqliteStatement::Int(int column) const { return sqlite3_column_int64(statement_, column); }

uint64_t SqliteStatement::Count(int column) const {
  const int64_t value = Int(column);
  return value < 0 ? 0 : static_cast<uint64_t>(value);
}

double SqliteStatement::Real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view SqliteStatement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  if (data == nullptr) return {};
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(data), static_cast<size_t>(size)};
}

// --- SqliteDb

Result<std::unique_ptr<SqliteDb>> SqliteDb::Open(const std::string& path, Mode mode) {
  TurnMemoryStatisticsOff();
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (mode) {
    case Mode::kReadOnly:
      flags |= SQLITE_OPEN_READONLY;
      break;
    case Mode::kReadWrite:
      flags |= SQLITE_OPEN_READWRITE;
      break;
    case Mode::kCreate:
      flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
      break;
  }
  // Names that SQLite would take for something else than a file: "", ":memory:".
  const std::string file = path.starts_with('/') ? path : "./" + path;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  if (handle == nullptr) return Exhausted("no memory to open the store " + path);
  std::unique_ptr<SqliteDb> db(new SqliteDb(path, handle));  // NOLINT: private constructor
  if (code != SQLITE_OK) return db->Error(code);
  if (mode != Mode::kReadOnly && sqlite3_db_readonly(handle, "main") == 1) {
    return db->Error(SQLITE_READONLY);  // SQLite opened it for reading instead.
  }
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  // synchronous=FULL: a commit is on the disk when it returns. With NORMAL a loss of power could
  // take back a published period after it was reported, and the next run would be another one.
  // foreign_keys=OFF: what belongs together is checked in code, in the same transaction; SQLite
  // would look every row up again. trusted_schema=OFF: a file that someone gave us runs no
  // functions.
  TYMBAL_RETURN_IF_ERROR(db->Execute(
      fmt::format("PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF;"
                  "PRAGMA page_size={}; PRAGMA cache_size=-{}; PRAGMA temp_store=MEMORY;",
                  kPageBytes, kCacheKib)));
  return db;
}

SqliteDb::~SqliteDb() {
  for (auto& [sql, statements] : idle_) {
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  }
  const int code = sqlite3_close(db_);
  TYMBAL_CHECK(code == SQLITE_OK, "a statement outlives its database");
}

Status SqliteDb::UseWriteAheadLog() {
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement statement, Prepare("PRAGMA journal_mode=WAL"));
  TYMBAL_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row || statement.Bytes(0) != "wal") {
    return Internal(fmt::format("the store {} can't use a write-ahead log here", path_));
  }
  TYMBAL_ASSIGN_OR_RETURN(const int64_t page_bytes, QueryInt("PRAGMA page_size"));
  return Execute(fmt::format("PRAGMA wal_autocheckpoint={}; PRAGMA journal_size_limit={}",
                             kLogBytes / page_bytes, kLogBytes));
}

Status SqliteDb::Execute(const std::string& sql) {
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status::Ok() : Error(code);
}

Result<int64_t> SqliteDb::QueryInt(std::string_view sql) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement statement, Prepare(sql));
  TYMBAL_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? statement.Int(0) : 0;
}

Result<SqliteStatement> SqliteDb::Prepare(std::string_view sql) {
  std::vector<sqlite3_stmt*>& idle = idle_[std::string(sql)];
  sqlite3_stmt* statement = nullptr;
  if (!idle.empty()) {
    statement = idle.back();
    idle.pop_back();
  } else {
    const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return Error(code);
  }
  return SqliteStatement(*this, sql, statement);
}

int64_t SqliteDb::changes() const { return sqlite3_changes64(db_); }

bool SqliteDb::InTransaction() const { return sqlite3_get_autocommit(db_) == 0; }

Status SqliteDb::Error(int code, During during) const {
  const std::string message = fmt::format("{} ({})", sqlite3_errmsg(db_), code);
  return ErrorOfFile(code, SystemError(db_), message, during);
}

Status SqliteDb::ErrorOfFile(int code, int system_error, const std::string& message,
                             During during) const {
  switch (code & 0xFF) {  // The upper bits tell details.
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Unavailable(
          fmt::format("another process is writing to the store {}, for more than {} s", path_,
                      kBusyTimeoutMs / 1000));
    case SQLITE_FULL:
      return Exhausted(fmt::format("disk full: can't write the store {}", path_));
    case SQLITE_TOOBIG:
      return Exhausted(fmt::format("a value is too big for the store {}", path_));
    case SQLITE_NOMEM:
      return Exhausted(fmt::format("out of memory while using the store {}", path_));
    case SQLITE_READONLY:
      if (code == SQLITE_READONLY_DBMOVED) {
        return InvalidArgument(
            fmt::format("the store {} was moved or deleted while it was in use", path_));
      }
      return InvalidArgument(fmt::format(
          "can't write to the store {}; this user needs the right to write to the file", path_));
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return InvalidArgument(
          fmt::format("can't open the store {}: {}; this user needs the right to read the file and "
                      "to write to its"
                      " folder, since SQLite keeps its log there, even for reading",
                      path_, system_error != 0 ? std::strerror(system_error) : message));
    case SQLITE_NOTADB:
      return InvalidArgument(fmt::format("{} is not a Tymbal store", path_));
    case SQLITE_CORRUPT:
      return Internal(fmt::format("{} is damaged or not a Tymbal store: {}", path_, message));
    case SQLITE_IOERR:
      if (NoSpace(system_error)) {
        return Exhausted(fmt::format("disk full: can't write the store {}: {}", path_,
                                     std::strerror(system_error)));
      }
      // After a failed write the log lacks the end of the transaction. After any other failure, of
      // fsync for instance, it may have it, and the next process to open the store would find it.
      if (during == During::kCommit && code != SQLITE_IOERR_WRITE) {
        return Ambiguous(fmt::format("the commit to the store {} may or may not have happened: {}",
                                     path_, message));
      }
      return Internal(fmt::format("input/output error in the store {}: {}: {}", path_, message,
                                  std::strerror(system_error)));
    default:
      return Internal(fmt::format("the store {} refused a statement: {}", path_, message));
  }
}

// --- SqliteTransaction

Result<SqliteTransaction> SqliteTransaction::Begin(SqliteDb& db, Kind kind) {
  TYMBAL_CHECK(!db.InTransaction(), "a transaction within a transaction");
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement begin,
                          db.Prepare(kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED"));
  TYMBAL_RETURN_IF_ERROR(begin.Run());
  return SqliteTransaction(db);
}

SqliteTransaction::~SqliteTransaction() {
  // Some errors, a full disk for instance, have rolled back already.
  if (db_ == nullptr || !db_->InTransaction()) return;
  // Can't fail in a way that matters: what isn't committed isn't there.
  sqlite3_exec(db_->db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Status SqliteTransaction::Commit() {
  TYMBAL_CHECK(db_ != nullptr, "a second commit");
  const int code = sqlite3_exec(db_->db_, "COMMIT", nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return db_->Error(code, SqliteDb::During::kCommit);  // Rolls back later.
  db_ = nullptr;
  return Status::Ok();
}

}  // namespace tymbal
