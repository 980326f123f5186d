#include "common/mysql_db.h"

#include <cppconn/connection.h>
#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>
#include <fmt/format.h>
#include <mysql_driver.h>

#include <algorithm>
#include <map>
#include <utility>

#include "common/check.h"

namespace tymbal {
namespace {

/// Something on the way that can't take a statement closes the connection instead of saying so.
/// Statements below this size are not suspected.
constexpr size_t kSuspectBytes = size_t{64} << 10;
/// What a packet holds besides the statement.
constexpr size_t kPacketOverheadBytes = 1024;

constexpr std::string_view kSqlMode =
    "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION";

/// The connector's options of one connection. It ignores names that it doesn't know, so they stand
/// in this one place, and VerifyTls() looks at what came of them.
sql::ConnectOptionsMap OptionsOf(const MysqlTarget& target, const MysqlLimits& limits) {
  sql::ConnectOptionsMap options;
  const bool v6 = target.host.find(':') != std::string::npos;
  // "tcp://": else "localhost" would be a socket file.
  options["hostName"] = sql::SQLString(v6 ? "tcp://[" + target.host + "]" : "tcp://" + target.host);
  options["port"] = static_cast<int>(target.port);
  options["userName"] = sql::SQLString(target.user);
  options["password"] = sql::SQLString(target.password);
  if (!target.database.empty()) options["schema"] = sql::SQLString(target.database);
  options["OPT_CONNECT_TIMEOUT"] = target.connect_timeout_s;
  options["OPT_READ_TIMEOUT"] = limits.read_timeout_s;
  options["OPT_WRITE_TIMEOUT"] = limits.write_timeout_s;
  options["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  options["OPT_LOCAL_INFILE"] = 0;  // The library's default lets a server ask for our files.
  switch (target.tls) {
    case MysqlTls::kVerify:
      options["sslVerify"] = true;
      break;
    case MysqlTls::kRequired:
      options["sslEnforce"] = true;
      break;
    case MysqlTls::kOff:
      break;
  }
  if (target.tls != MysqlTls::kOff && !target.ca_file.empty()) {
    options["sslCA"] = sql::SQLString(target.ca_file);
  }
  return options;
}

}  // namespace

std::string MysqlTarget::Name() const {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("mysql://{}@{}:{}/{}", user, v6 ? "[" + host + "]" : host, port, database);
}

bool MysqlRow::IsNull(uint32_t column) const { return row_.isNull(column + 1); }
int64_t MysqlRow::Int(uint32_t column) const { return row_.getInt64(column + 1); }
uint64_t MysqlRow::Count(uint32_t column) const { return row_.getUInt64(column + 1); }
double MysqlRow::Real(uint32_t column) const {
  return static_cast<double>(row_.getDouble(column + 1));
}
std::string MysqlRow::String(uint32_t column) const {
  return row_.getString(column + 1).asStdString();
}

MysqlDb::MysqlDb(MysqlTarget target, MysqlLimits limits)
    : target_(std::move(target)), limits_(limits), batch_bytes_max_(limits.batch_bytes_max) {}

MysqlDb::~MysqlDb() { Close(); }

void MysqlDb::Close() {
  endpoints_.Clear();
  try {
    connection_.reset();
  } catch (const sql::SQLException&) {  // It says goodbye to a server that may be gone.
  }
}

Status MysqlDb::Fail(int code, std::string_view message, size_t sent_bytes, MysqlDuring during) {
  MysqlError error = ClassifyMysqlError(code, message, during);
  const bool suspect = error.kind == MysqlErrorKind::kLost && sent_bytes > kSuspectBytes;
  if (error.kind == MysqlErrorKind::kTooLarge || suspect) {
    batch_bytes_max_ = std::max(kSuspectBytes, std::min(batch_bytes_max_, sent_bytes) / 2);
  }
  last_error_ = error.kind;
  if (BreaksConnection(error.kind)) Close();
  return std::move(error.status);
}

Status MysqlDb::Guard(std::string_view sql, MysqlDuring during,
                      const std::function<Status()>& body) {
  if (during != MysqlDuring::kConnect && connection_ == nullptr) {
    last_error_ = MysqlErrorKind::kLost;
    return Unavailable("the connection to " + target_.Name() + " is closed");
  }
  try {
    return body();
  } catch (const sql::SQLException& error) {
    const std::string message = error.what();
    return Fail(error.getErrorCode(), message, sql.size(), during).WithContext(target_.Name());
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {  // The connector lets some of the library's through.
    const std::string message = error.what();
    return Fail(0, message, sql.size(), during).WithContext(target_.Name());
  }
}

Status MysqlDb::Execute(std::string_view sql, MysqlDuring during) {
  return Guard(sql, during, [&] {
    const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
    statement->execute(sql::SQLString(sql.data(), sql.size()));
    return Status::Ok();
  });
}

Result<uint64_t> MysqlDb::Update(std::string_view sql) {
  uint64_t changed = 0;
  TYMBAL_RETURN_IF_ERROR(Guard(sql, MysqlDuring::kStatement, [&] {
    const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
    statement->execute(sql::SQLString(sql.data(), sql.size()));
    changed = statement->getUpdateCount();
    return Status::Ok();
  }));
  return changed;
}

Status MysqlDb::Query(std::string_view sql, const Visit& visit) {
  return Guard(sql, MysqlDuring::kStatement, [&] {
    const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
    const std::unique_ptr<sql::ResultSet> rows(
        statement->executeQuery(sql::SQLString(sql.data(), sql.size())));
    const MysqlRow row(*rows);
    while (rows->next()) TYMBAL_RETURN_IF_ERROR(visit(row));
    return Status::Ok();
  });
}

Status MysqlDb::OpenConnection() {
  return Guard("", MysqlDuring::kConnect, [this] {
    // The connector's first call is not safe among threads; a static's initialisation is.
    static sql::Driver* const driver = sql::mysql::get_driver_instance();
    sql::ConnectOptionsMap options = OptionsOf(target_, limits_);
    connection_.reset(driver->connect(options));
    return Status::Ok();
  });
}

Status MysqlDb::Connect() {
  Close();
  TYMBAL_RETURN_IF_ERROR(OpenConnection());
  Status status = VerifyTls();  // First: nothing is said to a server in clear text.
  if (status.ok()) status = SetSession();
  if (status.ok()) status = VerifySession();
  if (!status.ok()) Close();
  return status;
}

Status MysqlDb::VerifyTls() {
  if (target_.tls == MysqlTls::kOff) return Status::Ok();
  std::string cipher;
  TYMBAL_RETURN_IF_ERROR(Query("SHOW STATUS LIKE 'Ssl_cipher'", [&cipher](const MysqlRow& row) {
    cipher = row.String(1);
    return Status::Ok();
  }));
  if (!cipher.empty()) return Status::Ok();
  last_error_ = MysqlErrorKind::kSetup;
  return InvalidArgument(target_.Name() +
                         ": the server doesn't offer TLS, which this store requires; set it up "
                         "there, see TLS in docs/mysql.md");
}

Status MysqlDb::SetSession() {
  TYMBAL_RETURN_IF_ERROR(Execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"));
  // Sorting: names are compared whole, see max_sort_length.
  return Execute(
      fmt::format("SET SESSION sql_mode='{}', time_zone='+00:00', autocommit=1, wait_timeout={},"
                  " innodb_lock_wait_timeout={}, lock_wait_timeout={}, max_sort_length=8192,"
                  " sort_buffer_size=4194304",
                  kSqlMode, limits_.idle_s, limits_.lock_wait_s, limits_.lock_wait_s));
}

Status MysqlDb::VerifySession() {
  // One of the two names exists on each server, on new MariaDB both.
  std::string isolation;
  TYMBAL_RETURN_IF_ERROR(
      Query("SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation',"
            " 'transaction_isolation')",
            [&isolation](const MysqlRow& row) {
              isolation = row.String(1);
              return Status::Ok();
            }));
  std::map<std::string, std::string> found;
  TYMBAL_RETURN_IF_ERROR(
      Query("SELECT @@session.sql_mode, @@session.time_zone, @@session.autocommit,"
            " @@session.wait_timeout, @@session.innodb_lock_wait_timeout,"
            " @@session.lock_wait_timeout, @@session.character_set_client,"
            " @@session.character_set_connection, @@max_allowed_packet, @@version",
            [&](const MysqlRow& row) {
              found = {{"time_zone", row.String(1)},
                       {"autocommit", row.String(2)},
                       {"wait_timeout", row.String(3)},
                       {"innodb_lock_wait_timeout", row.String(4)},
                       {"lock_wait_timeout", row.String(5)},
                       {"character_set_client", row.String(6)},
                       {"character_set_connection", row.String(7)}};
              const bool strict = row.String(0).find("STRICT_ALL_TABLES") != std::string::npos;
              found["sql_mode"] = strict ? "STRICT_ALL_TABLES" : row.String(0);
              const uint64_t packet = std::min<uint64_t>(row.Count(8), uint64_t{1} << 30);
              statement_bytes_max_ = packet > 2 * kPacketOverheadBytes
                                         ? static_cast<size_t>(packet) - kPacketOverheadBytes
                                         : kPacketOverheadBytes;
              version_ = row.String(9);
              return Status::Ok();
            }));
  batch_bytes_max_ = std::min(batch_bytes_max_, statement_bytes_max_);
  is_mariadb_ = version_.find("MariaDB") != std::string::npos;
  found["isolation"] = isolation;
  const std::map<std::string, std::string> wanted = {
      {"sql_mode", "STRICT_ALL_TABLES"},
      {"time_zone", "+00:00"},
      {"autocommit", "1"},
      {"wait_timeout", fmt::to_string(limits_.idle_s)},
      {"innodb_lock_wait_timeout", fmt::to_string(limits_.lock_wait_s)},
      {"lock_wait_timeout", fmt::to_string(limits_.lock_wait_s)},
      {"character_set_client", "utf8mb4"},
      {"character_set_connection", "utf8mb4"},
      {"isolation", "READ-COMMITTED"}};
  for (const auto& [name, value] : wanted) {
    if (found[name] == value) continue;
    last_error_ = MysqlErrorKind::kSetup;
    return InvalidArgument(
        fmt::format("{}: the server keeps {} at '{}' where this store needs "
                    "'{}'; something between (a proxy?) changes the session",
                    target_.Name(), name, found[name], value));
  }
  return Status::Ok();
}

}  // namespace tymbal
