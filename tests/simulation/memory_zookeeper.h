#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/zookeeper_client.h"

namespace tymbal::testing {

/// What went through a ZooKeeper server. Bytes are those of paths, names and data, without the
/// heads of messages.
struct ZkTraffic {
  uint64_t reads = 0;
  uint64_t writes = 0;  ///< A multi is one.
  uint64_t pings = 0;
  uint64_t events = 0;  ///< Watches that fired.
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t fan_out_max = 0;  ///< Watches that one change fired.
  uint64_t value_max = 0;    ///< Bytes of the largest value that was written.
};

/// A ZooKeeper server in memory, and its clients: tree, versions, ephemeral nodes, sessions that
/// expire at a tick, one-shot watches (also those that were missed while disconnected), atomic
/// multi. Like TCP, it never loses a message without breaking the connection, and what was sent
/// arrives in order or not at all. Deterministic: no threads, no chance, time only from the clocks.
///
/// What it says must be what the real one says: tests/contract/coordinator_test.cc runs on both.
/// `clock` is the server's, and must outlive it; it outlives all clients. Thread: one.
class MemoryZookeeper {
 public:
  struct Options {
    int64_t session_timeout_ms = 4'000;
    int64_t tick_ms = 500;
    size_t value_bytes_max = 1 << 20;
    /// How long a message is on its way, in ms.
    std::function<int64_t()> latency_ms = [] { return int64_t{0}; };
  };

  MemoryZookeeper(Clock* clock, Options options);

  /// Returns what makes clients of a node; `name` is for the faults below. `clock` is the node's.
  ZookeeperFactory Factory(std::string name, Clock* clock);

  // --- Faults

  /// Cuts a node off. `silent`: nobody is told; each side finds out by its own time-out.
  void Cut(const std::string& name, bool silent);
  void Heal(const std::string& name);
  /// The next write of the node gets lost before the server sees it, or its reply on the way back.
  void LoseNextRequest(const std::string& name) { lose_request_.insert(name); }
  void LoseNextReply(const std::string& name) { lose_reply_.insert(name); }
  void ExpireSessionOf(const std::string& name);
  /// An operator removes a node and all below it, or writes one.
  void Remove(const std::string& path);
  void Write(const std::string& path, const std::string& data);

  // --- For tests that look

  std::optional<std::string> Read(const std::string& path) const;
  size_t sessions() const { return sessions_.size(); }
  const ZkTraffic& traffic() const { return traffic_; }
  /// Called after each write of a client, with its path.
  void OnWrite(std::function<void(const std::string& path)> hook) { on_write_ = std::move(hook); }

 private:
  class Client;
  struct Node {
    std::string data;
    ZkStat stat;
  };
  struct ServerSession {
    std::string name;
    int64_t heard_ms = 0;
    std::weak_ptr<Client> client;
    uint64_t connection = 0;
    std::set<std::string> data_watches;
    std::set<std::string> child_watches;
    /// Events that the client has not heard of yet; told again at the next connection.
    std::set<std::string> missed;
  };
  using Tree = std::map<std::string, Node>;

  void Tick();
  void EndSession(int64_t id);
  ServerSession* Find(int64_t id);
  void CountRead(const std::string& path);
  std::vector<std::string> ChildrenOf(const std::string& path) const;
  ZkCode Apply(const ZkOp& op, int64_t session, Tree* tree, std::set<std::string>* data_events,
               std::set<std::string>* child_events) const;
  ZkCode Multi(const std::vector<ZkOp>& ops, int64_t session, std::vector<ZkCode>* codes);
  void Fire(const std::set<std::string>& data_events, const std::set<std::string>& child_events);
  void Tell(ServerSession* session, const std::string& path);

  Clock* const clock_;
  const Options options_;
  Tree tree_;
  std::map<int64_t, ServerSession> sessions_;
  int64_t next_session_ = 0x1000;
  std::map<std::string, bool> cut_;  // The nodes that are cut off; true: silently.
  std::map<std::string, std::vector<std::function<void()>>> held_;  // By cuts, in order.
  std::set<std::string> lose_request_;
  std::set<std::string> lose_reply_;
  std::map<std::string, std::vector<std::weak_ptr<Client>>> clients_;
  std::function<void(const std::string&)> on_write_;
  ZkTraffic traffic_;
};

}  // namespace tymbal::testing
