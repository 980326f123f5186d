#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace tymbal {

/// How the connection is protected. No mode falls back to another one.
enum class MysqlTls {
  kVerify,    ///< Encrypted; certificate chain and host name are checked.
  kRequired,  ///< Encrypted; the server's certificate is checked only where a CA is given.
  kOff,       ///< In clear text.
};

/// Which database, as whom, and how. Not to be logged: it holds the password (I10).
struct MysqlTarget {
  std::string host;
  uint16_t port = 3306;
  std::string user;
  std::string password;
  std::string database;
  MysqlTls tls = MysqlTls::kVerify;
  std::string ca_file;  ///< PEM; empty: the system's certificates.
  int connect_timeout_s = 10;

  /// Returns how errors call it: without the password.
  std::string Name() const;
};

/// Time and chance for the adapter, so that tests and simulations decide them.
struct MysqlRuntime {
  std::function<int64_t()> now_ms;        ///< Wall time since the UTC epoch.
  std::function<int64_t()> steady_ms;     ///< Never goes back; for deadlines.
  std::function<void(int64_t ms)> pause;  ///< Waits.
  std::function<uint64_t()> random;       ///< For jitter and for the keys of plans.
};

struct MysqlLimits {
  int read_timeout_s = 60;  ///< Longest silence of the server within a statement.
  int write_timeout_s = 60;
  int lock_wait_s = 5;  ///< Rows (innodb_lock_wait_timeout) and tables (lock_wait_timeout).
  /// The server ends a connection that is silent for so long, and with it the transaction of a
  /// paused process.
  int idle_s = 60;
  int64_t retry_ms = 120'000;  ///< A call gives up after so long: more than idle_s, see there.
  size_t batch_rows_max = 1000;
  size_t batch_bytes_max = size_t{1} << 20;
};

}  // namespace tymbal
