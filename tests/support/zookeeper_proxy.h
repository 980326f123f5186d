#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace tymbal::testing {

/// Stands between one node and one ZooKeeper server and breaks the connection there. Like a network
/// it loses nothing without breaking the connection, and what it holds up arrives later, in order.
/// Thread: the public functions are for any; one thread of its own does the work.
class ZookeeperProxy {
 public:
  /// A session, as whoever knows its password may continue it.
  struct Session {
    int64_t id = 0;
    std::string password;
  };

  /// Listens at a free port of 127.0.0.1; `server`: "host:port" with host an IPv4 address. Throws
  /// std::runtime_error.
  explicit ZookeeperProxy(const std::string& server);
  ~ZookeeperProxy();
  ZookeeperProxy(const ZookeeperProxy&) = delete;
  ZookeeperProxy& operator=(const ZookeeperProxy&) = delete;

  std::string address() const;
  const std::string& server() const { return server_; }

  /// Closes all connections, and new ones at once.
  void Cut();
  /// Holds everything up; nobody is told.
  void Stall();
  /// Ends Cut() and Stall().
  void Heal();
  /// The next write is not sent on and its connection closed; or sent on, and the connection closed
  /// in place of its reply.
  void LoseNextRequest();
  void LoseNextReply();

  /// Returns the session that was begun or continued last.
  Session session() const;
  /// Returns how many writes, and bytes of all kinds, were sent on to the server.
  uint64_t writes() const;
  uint64_t bytes() const;

 private:
  enum class Mode : uint8_t { kOpen, kCut, kStalled };
  enum class Loss : uint8_t { kNone, kRequest, kReply };

  /// One connection of the client and its counterpart to the server.
  struct Link {
    int client = -1;
    int server = -1;
    std::string up = {};    // Read, not sent on: less than one packet.
    std::string down = {};  // The same, from the server.
    bool asked = false;     // The handshake has gone up, and come down.
    bool answered = false;
    std::optional<int32_t> doomed = {};  // Number of the request whose reply is not sent on.
  };

  void Run();
  void Accept();
  bool Read(int fd, std::string* bytes);
  bool SendUp(Link& link);
  bool SendDown(Link& link);
  void Close(Link& link);
  void Wake(Mode mode);

  const std::string server_;
  int listener_ = -1;
  int wake_ = -1;  // An eventfd: something has changed.
  uint16_t port_ = 0;

  mutable std::mutex mutex_;  // Guards all below but the thread.
  bool stop_ = false;
  Mode mode_ = Mode::kOpen;
  Loss loss_ = Loss::kNone;
  Session session_;
  uint64_t writes_ = 0;
  uint64_t bytes_ = 0;
  std::list<Link> links_;
  std::thread thread_;  // Last: it uses all above.
};

}  // namespace tymbal::testing
