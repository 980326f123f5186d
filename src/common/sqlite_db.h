#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tymbal {

class SqliteDb;

/// One use of a prepared statement. It belongs to its database's cache, goes back there when this
/// object dies, and must not outlive the database. Move-only. Thread: that of its database.
///
/// An error while binding is kept and returned by the next Step() or Run(), so that callers check
/// once. Parameters count from 1, columns from 0, as in SQLite.
class SqliteStatement {
 public:
  SqliteStatement(SqliteStatement&& other) noexcept;
  SqliteStatement& operator=(SqliteStatement&&) = delete;
  ~SqliteStatement();

  void BindNull(int parameter);
  void BindInt(int parameter, int64_t value);
  /// REQUIRES: value <= INT64_MAX.
  void BindCount(int parameter, uint64_t value);
  void BindReal(int parameter, double value);
  /// The bytes must live until Step() or Run() has returned; they are not copied.
  void BindBlob(int parameter, std::string_view bytes);
  void BindText(int parameter, std::string_view text);

  /// Goes to the next row; returns false behind the last one, and then, as after an error, the
  /// statement is ready to run again. Bound values stay.
  Result<bool> Step();
  /// Runs to the end, passing over rows.
  Status Run();

  // The row that Step() found.
  bool IsNull(int column) const;
  int64_t Int(int column) const;
  uint64_t Count(int column) const;  ///< A negative number, which no store of ours holds, gives 0.
  double Real(int column) const;
  /// Valid until the next Step().
  std::string_view Bytes(int column) const;
  std::string String(int column) const { return std::string(Bytes(column)); }

 private:
  friend class SqliteDb;
  SqliteStatement(SqliteDb& db, std::string_view sql, sqlite3_stmt* statement)
      : db_(&db), sql_(sql), statement_(statement) {}

  void Note(int code);

  SqliteDb* db_;
  std::string sql_;
  sqlite3_stmt* statement_;
  int bind_error_ = 0;
};

/// A connection to one SQLite file: RAII, our settings, errors as Status. It knows nothing of what
/// the file holds. All SQLite result codes become a Status in one place, Error(). Thread: confined
/// to one; another connection to the same file may be used on another thread.
class SqliteDb {
 public:
  enum class Mode { kReadOnly, kReadWrite, kCreate };

  /// Opens the file; nothing of it has been read or changed yet.
  static Result<std::unique_ptr<SqliteDb>> Open(const std::string& path, Mode mode);
  ~SqliteDb();
  SqliteDb(const SqliteDb&) = delete;
  SqliteDb& operator=(const SqliteDb&) = delete;

  /// Destroys `guard` once the database has been closed.
  void KeepUntilClosed(std::shared_ptr<void> guard) { kept_ = std::move(guard); }
  const std::string& path() const { return path_; }

  /// Turns the write-ahead log on: readers and one writer don't wait for each other. Stays with the
  /// file. Errors: kUnavailable when others have the file in use.
  Status UseWriteAheadLog();

  /// Runs statements that return nothing.
  Status Execute(const std::string& sql);
  /// Returns the first column of the first row of `sql`, 0 when there is none.
  Result<int64_t> QueryInt(std::string_view sql);
  /// Returns a statement that is ready to be bound, prepared or from the cache.
  Result<SqliteStatement> Prepare(std::string_view sql);

  /// The number of rows that the last INSERT, UPDATE or DELETE changed.
  int64_t changes() const;

 private:
  friend class SqliteStatement;
  friend class SqliteTransaction;

  enum class During { kStatement, kCommit };

  SqliteDb(std::string path, sqlite3* db) : path_(std::move(path)), db_(db) {}

  /// The one place that classifies result codes (CONTRIBUTING.md).
  Status Error(int code, During during = During::kStatement) const;
  Status ErrorOfFile(int code, int system_error, const std::string& message, During during) const;
  bool InTransaction() const;

  std::shared_ptr<void> kept_;
  std::string path_;
  sqlite3* db_;
  /// Idle prepared statements by their text. The texts are constants of ours, so it is bounded.
  std::unordered_map<std::string, std::vector<sqlite3_stmt*>> idle_;
};

/// A transaction: rolled back unless Commit() succeeds. Must not outlive its database.
class SqliteTransaction {
 public:
  enum class Kind {
    kRead,   ///< One snapshot for several SELECTs.
    kWrite,  ///< Waits for other writers here, at its begin, so that what it then reads stays true.
  };
  static Result<SqliteTransaction> Begin(SqliteDb& db, Kind kind);

  SqliteTransaction(SqliteTransaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();

  /// Errors: kAmbiguous when what was written may or may not be on the disk; else nothing happened.
  Status Commit();

 private:
  explicit SqliteTransaction(SqliteDb& db) : db_(&db) {}
  SqliteDb* db_;  // Null: nothing to roll back.
};

}  // namespace tymbal
