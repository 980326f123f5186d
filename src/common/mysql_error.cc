#include "common/mysql_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>

namespace tymbal {
namespace {

bool Contains(std::string_view message, std::initializer_list<std::string_view> words) {
  std::string lower(message);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::any_of(words.begin(), words.end(), [&lower](std::string_view word) {
    return lower.find(word) != std::string::npos;
  });
}

/// Numbers: https://mariadb.com/kb/en/mariadb-error-code-reference/ and MySQL's manual, B.2 and
/// B.3.
MysqlErrorKind KindOf(int code, std::string_view message, MysqlDuring during) {
  switch (code) {
    case 1020:  // ER_CHECKREAD: MariaDB's snapshot isolation; the transaction was rolled back.
    case 1205:  // Lock wait: only the statement was rolled back, so the caller must roll back.
    case 1213:  // Deadlock.
    case 1317:  // KILL QUERY.
    case 1412:  // The table was altered since the snapshot was taken.
    case 1614:
    case 1637:  // Too many concurrent transactions.
    case 1969:  // MariaDB's max_statement_time.
    case 3024:  // MySQL's max_execution_time.
    case 3058:
    case 3572:
      return MysqlErrorKind::kRetry;
    case 1040:  // Too many connections: of the server,
    case 1203:  // of the user,
    case 1226:  // or by a limit of the account.
    case 1047:  // Galera: not ready for queries.
    case 1129:  // Host is blocked after many broken connections: until FLUSH HOSTS or a restart.
    case 1135:  // Can't create a thread.
    case 3168:
    case 3169:
      return MysqlErrorKind::kBusy;
    case 1042:
    case 1053:  // The server shuts down.
    case 1077:
    case 1079:
    case 1080:
    case 1152:
    case 1158:
    case 1159:
    case 1160:
    case 1161:
    case 1184:
    case 1927:  // MariaDB: connection was killed.
    case 2001:
    case 2002:  // Refused, or no route.
    case 2003:
    case 2004:
    case 2005:  // Unknown host: name servers fail, too.
    case 2006:  // Server has gone away.
    case 2012:
    case 2013:  // Lost during a query; also a read time-out.
    case 2014:  // Out of sync: this connection is of no use any more.
    case 2027:
    case 2048:
    case 2055:
    case 3032:
    case 4031:  // MySQL: closed for inactivity.
      return MysqlErrorKind::kLost;
    case 2026:  // TLS. What says so, no repetition cures; the rest may be a server that restarts.
      return Contains(message, {"certificate", "not supported", "ssl is required", "verif",
                                "does not support", "hostname", "host name", "self-signed",
                                "self signed", "no such file", "bio"})
                 ? MysqlErrorKind::kSetup
                 : MysqlErrorKind::kLost;
    case 1290:  // --read-only, among other options.
      return Contains(message, {"read-only", "read only", "read_only"}) ? MysqlErrorKind::kReadOnly
                                                                        : MysqlErrorKind::kSetup;
    case 1792:
    case 1836:
      return MysqlErrorKind::kReadOnly;
    case 1153:  // Above max_allowed_packet; the server closes the connection.
    case 1301:
    case 2020:
      return MysqlErrorKind::kTooLarge;
    case 1048:
    case 1062:  // Duplicate key.
    case 1264:  // Out of range.
    case 1265:
    case 1292:
    case 1366:  // Wrong value for the type or character set.
    case 1367:
    case 1406:  // Too long.
    case 1690:
    case 3819:  // CHECK, MySQL.
    case 4025:  // CHECK, MariaDB.
      return MysqlErrorKind::kBadRow;
    case 1021:
    case 1037:
    case 1038:
    case 1041:
    case 1114:  // The table is full, which is how InnoDB says that the disk is.
    case 3:
      return MysqlErrorKind::kFull;
    case 1044:
    case 1045:
    case 1049:
    case 1130:
    case 1142:
    case 1143:
    case 1146:  // No such table.
    case 1227:
    case 1251:
    case 1356:  // A view without the right to its tables.
    case 1370:
    case 1526:  // No partition for the value.
    case 1665:  // READ COMMITTED with binlog_format=STATEMENT.
    case 1698:
    case 1820:
    case 1862:
    case 2049:
    case 2059:
    case 2061:
    case 3118:  // The account is locked.
    case 4151:
      return MysqlErrorKind::kSetup;
    default:
      // The connector's own errors have number 0; while connecting they are wrong options.
      if (code == 0 && during == MysqlDuring::kConnect) return MysqlErrorKind::kSetup;
      return MysqlErrorKind::kOther;
  }
}

StatusCode CodeOf(MysqlErrorKind kind, MysqlDuring during) {
  switch (kind) {
    case MysqlErrorKind::kLost:
      return during == MysqlDuring::kCommit ? StatusCode::kAmbiguous : StatusCode::kUnavailable;
    case MysqlErrorKind::kRetry:
    case MysqlErrorKind::kBusy:
    case MysqlErrorKind::kReadOnly:
      return StatusCode::kUnavailable;
    case MysqlErrorKind::kTooLarge:
    case MysqlErrorKind::kFull:
      return StatusCode::kExhausted;
    case MysqlErrorKind::kSetup:
      return StatusCode::kInvalidArgument;
    case MysqlErrorKind::kBadRow:
    case MysqlErrorKind::kOther:
      return StatusCode::kInternal;
  }
  return StatusCode::kInternal;
}

std::string_view CureOf(int code) {
  switch (code) {
    case 1040:
    case 1203:
    case 1226:
      return "; raise max_connections, or the account's limit";
    case 1044:
    case 1142:
    case 1143:
    case 1227:
      return "; docs/mysql.md has the grants that the account needs";
    case 1045:
    case 1698:
      return "; the password comes from ?password_file= or TYMBAL_STORE_PASSWORD";
    case 1049:
    case 1146:
      return "; create the database and run `tymbal schema migrate`";
    case 1114:
    case 1021:
      return "; make room on the database server";
    case 1665:
      return "; set binlog_format to ROW or MIXED on the server";
    case 2026:
      return "; see TLS in docs/mysql.md";
    default:
      return "";
  }
}

}  // namespace

MysqlError ClassifyMysqlError(int code, std::string_view message, MysqlDuring during) {
  const MysqlErrorKind kind = KindOf(code, message, during);
  return {kind, Status(CodeOf(kind, during),
                       fmt::format("{} (error {}){}", message, code, CureOf(code)))};
}

bool BreaksConnection(MysqlErrorKind kind) {
  switch (kind) {
    case MysqlErrorKind::kBusy:
    case MysqlErrorKind::kLost:
    case MysqlErrorKind::kReadOnly:
    case MysqlErrorKind::kTooLarge:
      return true;
    case MysqlErrorKind::kRetry:
    case MysqlErrorKind::kBadRow:
    case MysqlErrorKind::kFull:
    case MysqlErrorKind::kSetup:
    case MysqlErrorKind::kOther:
      return false;
  }
  return true;
}

}  // namespace tymbal
