#pragma once

#include <memory>
#include <string>

#include "common/sqlite_db.h"
#include "common/status.h"

namespace tymbal {

/// Marks a SQLite file as a Tymbal store (PRAGMA application_id): "Tymb".
inline constexpr int64_t kSqliteApplicationId = 0x54796D62;

struct SqliteStoreFile {
  std::string path;
  bool create = false;     ///< Make the file where there is none, and bring its schema up to date.
  bool read_only = false;  ///< REQUIRES: !create.
};

/// Opens a Tymbal store whose schema this binary knows. A file that isn't one is not changed, not
/// even by SQLite's recovery. Errors: kNotFound when there is no store, kInvalidArgument when the
/// path or the file is no good or its schema is newer than this binary.
Result<std::unique_ptr<SqliteDb>> OpenSqliteStore(const SqliteStoreFile& file);

}  // namespace tymbal
