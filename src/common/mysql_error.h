#pragma once

#include <string>
#include <string_view>

#include "common/status.h"

namespace tymbal {

/// What an error of MySQL or MariaDB asks for (docs/mysql.md has the table for people).
enum class MysqlErrorKind {
  kRetry,     ///< The server gave the statement or transaction up: roll back, run it again.
  kBusy,      ///< Too many connections, not ready: wait, connect again.
  kLost,      ///< The connection is gone; the server rolled back what it had not committed.
  kReadOnly,  ///< A replica after a failover: connect again, until the primary answers.
  kTooLarge,  ///< The statement is above max_allowed_packet: split it.
  kBadRow,    ///< A value or key that the tables refuse: never succeeds.
  kFull,      ///< The server has no room.
  kSetup,     ///< Account, grants, database, TLS or schema: a person must change something.
  kOther,
};

/// What was being done when the error came.
enum class MysqlDuring { kConnect, kStatement, kCommit };

struct MysqlError {
  MysqlErrorKind kind = MysqlErrorKind::kOther;
  Status status;
};

/// The one place that classifies the errors of this adapter: a connection that is lost before
/// COMMIT was sent has changed nothing, one that is lost during it may have. `code` is the server's
/// or client library's number (0: the connector's own), `message` its text.
MysqlError ClassifyMysqlError(int code, std::string_view message, MysqlDuring during);

/// Returns whether the connection can't be used after such an error.
bool BreaksConnection(MysqlErrorKind kind);

}  // namespace tymbal
