#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/mysql_endpoint_cache.h"
#include "common/mysql_error.h"
#include "common/mysql_options.h"
#include "common/status.h"

namespace sql {
class Connection;
class ResultSet;
}  // namespace sql

namespace tymbal {

/// The row at which a query stands. Columns are counted from 0. A value that isn't of the type
/// asked for ends the query with an error.
class MysqlRow {
 public:
  explicit MysqlRow(sql::ResultSet& row) : row_(row) {}

  bool IsNull(uint32_t column) const;
  int64_t Int(uint32_t column) const;     ///< NULL gives 0.
  uint64_t Count(uint32_t column) const;  ///< NULL gives 0.
  double Real(uint32_t column) const;
  std::string String(uint32_t column) const;

 private:
  sql::ResultSet& row_;
};

/// A connection to MySQL or MariaDB: RAII, our session settings, errors as Status. It knows nothing
/// of the tables. Exceptions of the connector end here. It doesn't reconnect by itself: after an
/// error that breaks the connection it is closed, and the transaction with it; see
/// mysql_transaction.h. Thread: confined to one.
class MysqlDb {
 public:
  using Visit = std::function<Status(const MysqlRow&)>;

  MysqlDb(MysqlTarget target, MysqlLimits limits);
  ~MysqlDb();
  MysqlDb(const MysqlDb&) = delete;
  MysqlDb& operator=(const MysqlDb&) = delete;

  const MysqlTarget& target() const { return target_; }
  const MysqlLimits& limits() const { return limits_; }
  bool connected() const { return connection_ != nullptr; }

  /// Connects, sets the session up and reads back that it took; closes an older connection first.
  /// Errors: kUnavailable, or kInvalidArgument when a person must change something.
  Status Connect();
  void Close();

  /// Runs a statement that returns nothing.
  Status Execute(std::string_view sql, MysqlDuring during = MysqlDuring::kStatement);
  /// The same; returns the number of changed rows.
  Result<uint64_t> Update(std::string_view sql);
  /// Calls `visit` for each row; ends at its first error and returns that.
  Status Query(std::string_view sql, const Visit& visit);

  /// What the last error was; meaningful directly after a call that failed.
  MysqlErrorKind last_error() const { return last_error_; }

  /// What this connection has seen; empty after every Connect().
  MysqlEndpointCache& endpoints() { return endpoints_; }

  /// Whether the server is MariaDB; valid once connected.
  bool is_mariadb() const { return is_mariadb_; }
  const std::string& version() const { return version_; }
  /// The longest statement that may be sent, in bytes: the server's limit, or less once something
  /// on the way has refused that.
  size_t statement_bytes_max() const { return statement_bytes_max_; }
  /// How long a statement of many rows should be: the limit of the options, or less, as above.
  size_t batch_bytes_max() const { return batch_bytes_max_; }

 private:
  Status Guard(std::string_view sql, MysqlDuring during, const std::function<Status()>& body);
  Status Fail(int code, std::string_view message, size_t sent_bytes, MysqlDuring during);
  Status OpenConnection();
  Status SetSession();
  Status VerifySession();
  Status VerifyTls();

  MysqlTarget target_;
  MysqlLimits limits_;
  std::unique_ptr<sql::Connection> connection_;
  MysqlErrorKind last_error_ = MysqlErrorKind::kOther;
  bool is_mariadb_ = false;
  std::string version_;
  size_t statement_bytes_max_ = 0;
  size_t batch_bytes_max_;
  MysqlEndpointCache endpoints_;
};

}  // namespace tymbal
