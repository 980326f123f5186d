#include "common/sqlite_schema.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/check.h"
#include "common/sql_migrations.h"

namespace tymbal {
namespace {

namespace fs = std::filesystem;

enum class FileKind { kMissing, kEmpty, kStore };

/// What stands in the first bytes of a file (https://www.sqlite.org/fileformat.html, 1.3).
constexpr std::string_view kSqliteMagic("SQLite format 3\0", 16);
constexpr size_t kApplicationIdOffset = 68;
constexpr size_t kHeaderBytes = 100;

Status NotAStore(const std::string& path) {
  return InvalidArgument(
      fmt::format("{} is not a Tymbal store; it was left as it is. Name another file", path));
}

int64_t ApplicationIdIn(std::string_view header) {
  int64_t id = 0;
  for (size_t i = 0; i < 4; ++i) {
    id = id * 256 + static_cast<unsigned char>(header[kApplicationIdOffset + i]);
  }
  return id;
}

/// The stores that this process has open. Closing a file gives up all locks that the process holds
/// on it (POSIX), those of SQLite as well: then another process believes to be the last user of the
/// store and takes its log away. So a file that is open as a store is not looked into again.
class OpenStores {
 public:
  static OpenStores& OfThisProcess() {
    static OpenStores open;
    return open;
  }
  /// Held while a file is looked into and opened.
  std::mutex& mutex() { return mutex_; }

  bool Holds(const std::string& path) const {
    const auto file = FileOf(path);
    return file && counts_.contains(*file);
  }
  /// Returns what stands for one more user of the file, until it is destroyed.
  std::shared_ptr<void> Add(const std::string& path) {
    const auto file = FileOf(path);
    if (!file) return nullptr;
    ++counts_[*file];
    return {nullptr, [this, file = *file](void*) {
              const std::lock_guard lock(mutex_);
              if (--counts_[file] == 0) counts_.erase(file);
            }};
  }

 private:
  using File = std::pair<dev_t, ino_t>;
  static std::optional<File> FileOf(const std::string& path) {
    struct stat facts {};
    if (stat(path.c_str(), &facts) != 0) return std::nullopt;
    return File(facts.st_dev, facts.st_ino);
  }

  std::mutex mutex_;
  std::map<File, int> counts_;
};

/// Looks at the path without SQLite, which would write to a file that needs recovery.
Result<FileKind> Inspect(const std::string& path) {
  if (path.empty()) return InvalidArgument("the path of the store is empty");
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) {
    return InvalidArgument(fmt::format("{} is a folder; name a file in it for the store", path));
  }
  if (!fs::exists(status)) {
    if (error && error != std::errc::no_such_file_or_directory) {
      return InvalidArgument(fmt::format("can't open the store {}: {}", path, error.message()));
    }
    const fs::path folder = fs::path(path).parent_path();
    if (!folder.empty() && !fs::is_directory(folder, error)) {
      return InvalidArgument(fmt::format("the folder {} of the store {} doesn't exist; create it",
                                         folder.string(), path));
    }
    return FileKind::kMissing;
  }
  if (!fs::is_regular_file(status)) return NotAStore(path);
  if (OpenStores::OfThisProcess().Holds(path)) return FileKind::kStore;
  std::array<char, kHeaderBytes> bytes;
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return InvalidArgument(
        fmt::format("can't read the store {}; this user needs the right to read the file", path));
  }
  in.read(bytes.data(), bytes.size());
  const std::string_view header(bytes.data(), static_cast<size_t>(in.gcount()));
  if (header.empty()) return FileKind::kEmpty;
  // The id was in place before the write-ahead log was turned on (see Migrate), so it is always
  // here and never only in the log.
  if (header.size() < kHeaderBytes || !header.starts_with(kSqliteMagic) ||
      ApplicationIdIn(header) != kSqliteApplicationId) {
    return NotAStore(path);
  }
  return FileKind::kStore;
}

Status CheckVersion(const std::string& path, int64_t version, int64_t known) {
  if (version <= known) return Status::Ok();
  return InvalidArgument(
      fmt::format("the store {} was written by a newer Tymbal (its schema is {}, this Tymbal knows "
                  "{}); use that",
                  path, version, known));
}

/// Applies what is missing, in one transaction: a store has its whole schema or is an empty file.
Status Migrate(SqliteDb& db, int64_t known) {
  TYMBAL_ASSIGN_OR_RETURN(SqliteTransaction transaction,
                          SqliteTransaction::Begin(db, SqliteTransaction::Kind::kWrite));
  // Again, now that nobody else can change it: another process may have been faster.
  TYMBAL_ASSIGN_OR_RETURN(const int64_t version, db.QueryInt("PRAGMA user_version"));
  TYMBAL_RETURN_IF_ERROR(CheckVersion(db.path(), version, known));
  for (const Migration& migration : SqliteMigrations()) {
    if (migration.number <= version) continue;
    const Status status = db.Execute(std::string(migration.sql));
    if (!status.ok()) return status.WithContext(fmt::format("migration {}", migration.name));
  }
  TYMBAL_RETURN_IF_ERROR(db.Execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}",
                                                kSqliteApplicationId, known)));
  return transaction.Commit();
}

}  // namespace

Result<std::unique_ptr<SqliteDb>> OpenSqliteStore(const SqliteStoreFile& file) {
  TYMBAL_CHECK(!(file.create && file.read_only), "create a store read-only");
  OpenStores& open_stores = OpenStores::OfThisProcess();
  const std::unique_lock lock(open_stores.mutex());
  TYMBAL_ASSIGN_OR_RETURN(const FileKind kind, Inspect(file.path));
  if (kind != FileKind::kStore && !file.create) {
    return NotFound(fmt::format("no store at {}; run `tymbal run` first", file.path));
  }
  const SqliteDb::Mode mode = file.create      ? SqliteDb::Mode::kCreate
                              : file.read_only ? SqliteDb::Mode::kReadOnly
                                               : SqliteDb::Mode::kReadWrite;
  TYMBAL_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDb> db, SqliteDb::Open(file.path, mode));
  const int64_t known = SqliteMigrations().back().number;
  TYMBAL_ASSIGN_OR_RETURN(int64_t version, db->QueryInt("PRAGMA user_version"));
  TYMBAL_RETURN_IF_ERROR(CheckVersion(file.path, version, known));
  if (version < known) {
    if (!file.create) {
      return InvalidArgument(
          fmt::format("the schema of the store {} is {}, this Tymbal needs {};"
                      " run `tymbal schema migrate`",
                      file.path, version, known));
    }
    TYMBAL_RETURN_IF_ERROR(Migrate(*db, known));
  }
  if (!file.read_only) TYMBAL_RETURN_IF_ERROR(db->UseWriteAheadLog());
  db->KeepUntilClosed(open_stores.Add(file.path));
  return db;
}

}  // namespace tymbal
