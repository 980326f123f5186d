#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/mysql_result_store.h"
#include "support/test_environment.h"

namespace tymbal::testing {

/// A real server for tests: TYMBAL_TEST_MARIADB_URL or TYMBAL_TEST_MYSQL_URL name one, as
/// mysql://USER@HOST:PORT/ANY, with the password in TYMBAL_STORE_PASSWORD; the user must be allowed
/// to create and drop databases. scripts/stack starts them.
struct MysqlTestServer {
  std::string name;      ///< "Mariadb" or "Mysql".
  std::string variable;  ///< Of the environment.
};
inline const MysqlTestServer kMariadbServer = {"Mariadb", "TYMBAL_TEST_MARIADB_URL"};
inline const MysqlTestServer kMysqlServer = {"Mysql", "TYMBAL_TEST_MYSQL_URL"};

/// MariaDB that offers TLS; its further variables are in scripts/stack.d.
inline const MysqlTestServer kMariadbTlsServer = {"MariadbTls", "TYMBAL_TEST_MARIADB_TLS_URL"};

/// Returns how to reach the server, if the environment names one; the database is that of the URL.
std::optional<MysqlTarget> FindServer(const MysqlTestServer& server);

/// Returns why a test of the server must be skipped. REQUIRES: FindServer() found none.
inline std::string WhyNoServer(const MysqlTestServer& server) {
  return WhyNoServer(server.variable);
}

/// Returns real time, real waiting and seeded chance; the wall clock is `now`.
MysqlRuntime TestRuntime(std::function<int64_t()> now);

/// A database of its own, dropped at the end. REQUIRES: FindServer() found it.
class MysqlTestDatabase {
 public:
  explicit MysqlTestDatabase(const MysqlTestServer& server);
  ~MysqlTestDatabase();
  MysqlTestDatabase(const MysqlTestDatabase&) = delete;
  MysqlTestDatabase& operator=(const MysqlTestDatabase&) = delete;

  const MysqlTarget& target() const { return target_; }
  /// Applies the migrations.
  void Migrate();
  /// A connection of the test's own, for looking and breaking things.
  MysqlDb& db() { return *db_; }

 private:
  MysqlTarget target_;
  std::unique_ptr<MysqlDb> db_;
};

}  // namespace tymbal::testing
