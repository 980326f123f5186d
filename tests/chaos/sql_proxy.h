#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "chaos/chance.h"
#include "chaos/stop_flag.h"

namespace tymbal::chaos {

/// What the proxy does with a COMMIT.
enum class CommitFault : uint8_t {
  kNone,
  kLoseRequest,  ///< The server never sees it, and rolls back.
  kLoseReply,    ///< The server commits, the client doesn't hear of it.
  kOrphan,       ///< The client loses the connection at once; the server gets it seconds later.
  kDelay,        ///< The server gets it seconds later; the client may have given up by then.
};
inline constexpr size_t kCommitFaults = 5;

/// Stands between clients and one server that speaks the MySQL protocol in clear text, and breaks
/// things there, of which the paths of a COMMIT matter most. Every fault also closes the client's
/// connection, or lets it wait: nothing is lost that TCP would have delivered.
/// Thread: the public functions are for any; each connection has a thread of its own, joined by the
/// destructor.
class SqlProxy {
 public:
  struct Options {
    uint16_t server_port = 0;
    uint64_t seed = 0;
    std::array<int64_t, kCommitFaults> commit_permille{};  ///< By CommitFault; kNone is the rest.
    int64_t cut_permille = 0;  ///< Of any other command: closes the connection.
    int64_t delay_ms_max = 3000;
  };

  /// Listens at a free port of 127.0.0.1. Throws std::runtime_error.
  explicit SqlProxy(const Options& options);
  ~SqlProxy();
  SqlProxy(const SqlProxy&) = delete;
  SqlProxy& operator=(const SqlProxy&) = delete;

  uint16_t port() const { return port_; }
  /// Off: everything goes through from now on.
  void set_faults(bool on) { faults_ = on; }
  /// Returns what has been done so far, for people.
  std::string Summary() const;

 private:
  class Link;

  void Accept();

  Options options_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> faults_ = true;
  std::array<std::atomic<int64_t>, kCommitFaults> commits_{};
  std::atomic<int64_t> cuts_ = 0;
  std::atomic<int64_t> links_ = 0;
  StopFlag stop_;
  std::mutex mutex_;
  std::vector<std::thread> link_threads_;  // Guarded by mutex_.
  std::thread accept_thread_;              // Last: uses all above.
};

}  // namespace tymbal::chaos
