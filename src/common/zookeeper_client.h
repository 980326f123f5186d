#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tymbal {

/// How a request ended. kConnectionLoss means that nobody knows whether a write took effect, the
/// two after it that the session is over; none of them is a fact about the tree.
enum class ZkCode : uint8_t {
  kOk,
  kNoNode,
  kNodeExists,
  kBadVersion,
  kNotEmpty,
  kNoAuth,
  kInvalidAcl,
  kConnectionLoss,
  kSessionExpired,
  kClosing,
  kRolledBack,  ///< In a multi: another part of it failed.
  kTooBig,      ///< It was not sent, for the server would hang up on it.
  kOther,       ///< Anything else: a mistake of ours, or of the server.
};
std::string_view ZkCodeName(ZkCode code);

struct ZkStat {
  int32_t version = 0;
  int64_t ephemeral_owner = 0;  ///< Session that the node dies with; 0: it stays.
  int64_t mtime_ms = 0;         ///< When it was last written, by the server's clock.
  int64_t ctime_ms = 0;         ///< When it was created, by the same clock.
};

struct ZkNode {
  std::string data;
  ZkStat stat;
};

/// One write of a multi; all of them happen, or none.
struct ZkOp {
  enum class Kind : uint8_t { kCreate, kSet, kRemove, kCheck };
  static constexpr int32_t kAnyVersion = -1;

  Kind kind = Kind::kCheck;
  std::string path;
  std::string data;
  int32_t version = kAnyVersion;  ///< That the node must have; not for kCreate.
  bool ephemeral = false;         ///< For kCreate.

  static ZkOp Create(std::string path, std::string data, bool ephemeral = false) {
    return {Kind::kCreate, std::move(path), std::move(data), kAnyVersion, ephemeral};
  }
  static ZkOp Set(std::string path, std::string data, int32_t version = kAnyVersion) {
    return {Kind::kSet, std::move(path), std::move(data), version, false};
  }
  static ZkOp Remove(std::string path, int32_t version = kAnyVersion) {
    return {Kind::kRemove, std::move(path), "", version, false};
  }
  static ZkOp Check(std::string path, int32_t version) {
    return {Kind::kCheck, std::move(path), "", version, false};
  }
};

/// One session with ZooKeeper, from its begin to its end; for the next session make the next
/// object. Everything is asynchronous: each accepted request replies exactly once, on the loop,
/// never before the call returns; requests are carried out in the order of the calls. Thread: the
/// loop's.
class ZookeeperClient {
 public:
  /// kConnecting -> kConnected <-> kSuspended; any -> kExpired | kAuthFailed | kFailed, which are
  /// final.
  enum class Session : uint8_t { kConnected, kSuspended, kExpired, kAuthFailed };

  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnSession(Session session) = 0;
    /// A watch has fired, and is gone; `path` as it was asked for.
    virtual void OnWatch(const std::string& path) = 0;
  };

  virtual ~ZookeeperClient() = default;

  /// Ends the session on the server, replies kClosing to what is pending, then runs `done`. The
  /// object may be destroyed in it or later. No event comes any more.
  virtual void Close(std::function<void()> done) = 0;

  /// Returns the session's number, and its negotiated timeout; known once connected.
  virtual int64_t session_id() const = 0;
  virtual int64_t session_timeout_ms() const = 0;

  using OnCode = std::function<void(ZkCode)>;
  virtual void Create(const std::string& path, const std::string& data, bool ephemeral,
                      OnCode done) = 0;
  /// `watch`: the next change of the node, or its end, calls OnWatch() once. A missing node is
  /// watched as well, for its creation.
  virtual void Get(const std::string& path, bool watch,
                   std::function<void(ZkCode, ZkNode)> done) = 0;
  /// Returns the names of the children, sorted. `watch`: for the next child that comes or goes.
  virtual void Children(const std::string& path, bool watch,
                        std::function<void(ZkCode, std::vector<std::string>)> done) = 0;
  virtual void Multi(const std::vector<ZkOp>& ops,
                     std::function<void(ZkCode, std::vector<ZkCode>)> done) = 0;
};

/// Makes a client, whose session begins at once.
using ZookeeperFactory =
    std::function<std::unique_ptr<ZookeeperClient>(ZookeeperClient::Listener* listener)>;

}  // namespace tymbal
