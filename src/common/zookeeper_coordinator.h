#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/coordinator.h"
#include "common/zookeeper_client.h"

namespace tymbal {

struct ZookeeperCoordinatorOptions {
  /// Of all znodes, as a whole path; made when it isn't there.
  std::string root = "/infra/cicada/web";
  int64_t reconnect_ms = 200;  ///< Wait before a new session; doubles up to `reconnect_max_ms`.
  int64_t reconnect_max_ms = 5'000;
};

/// The coordinator on ZooKeeper. Membership and mastership are ephemeral znodes and belong to a
/// session: what counts is the session's number, never only the content. Sessions follow one
/// another by themselves; when one is suspended for longer than its time-out it is given up here,
/// without waiting for the server to say so.
///
/// `factory` and `clock` must outlive it. It may be destroyed once Stop() has called back. Thread:
/// the loop's.
class ZookeeperCoordinator : public Coordinator, private ZookeeperClient::Listener {
 public:
  ZookeeperCoordinator(ZookeeperCoordinatorOptions options, ZookeeperFactory factory, Clock* clock);
  ~ZookeeperCoordinator() override;

  void Start(Coordinator::Listener* listener) override;
  void Stop(Done done) override;
  void Join(const Member& self, Done done) override;
  void ReadMembers(Reply<std::vector<Member>> reply) override;
  void Campaign(const MasterRecord& self, Reply<MasterRecord> reply) override;
  void ReadMaster(Reply<std::optional<MasterRecord>> reply) override;
  void Resign(Done done) override;
  void ClaimBoard(Epoch epoch, Done done) override;
  void ReadBoardEpoch(Reply<Epoch> reply) override;
  void PublishTask(const Task& task, Done done) override;
  void ReadTask(Reply<std::optional<Task>> reply) override;
  void ReportProgress(RunId run, int32_t fragment_no, const Progress& progress, Done done) override;
  using Coordinator::ReadProgress;
  void ReadProgress(RunId run, Wanted wanted, Reply<std::map<int32_t, Progress>> reply) override;
  void ClearProgress(std::optional<RunId> keep, Done done) override;
  void ReadControl(Reply<Control> reply) override;
  void WriteControl(const Control& control, Done done) override;

 private:
  /// kClosed -Start-> kConnecting -connected, folders made-> kLive <-> kSuspended; any of them
  /// -expired, or suspended for too long-> kConnecting with the next client; any -Stop-> kClosed;
  /// any -credentials refused-> kFailed.
  enum class State : uint8_t { kClosed, kConnecting, kLive, kSuspended, kFailed };
  using OnNode = std::function<void(ZkCode, ZkNode)>;
  struct Gathering;

  void OnSession(ZookeeperClient::Session session) override;
  void OnWatch(const std::string& path) override;

  void Open();
  void MakeFolders();
  void MakeFolder(const std::string& path, std::function<void()> next);
  void GoLive();
  void Expire();
  /// Timers may outlive this object; then they find nothing to do.
  std::function<void()> IfAlive(std::function<void()> task) const;

  std::string Path(std::string_view below) const;
  std::string ProgressFolder(RunId run) const;

  // Requests of the present session. Where there is none, they reply kConnectionLoss.
  void Get(const std::string& path, bool watch, OnNode done);
  void Children(const std::string& path, bool watch,
                std::function<void(ZkCode, std::vector<std::string>)> done);
  void Create(const std::string& path, const std::string& data, bool ephemeral,
              ZookeeperClient::OnCode done);
  void Multi(const std::vector<ZkOp>& ops, std::function<void(ZkCode, std::vector<ZkCode>)> done);
  Status CreateStatus(ZkCode code, std::string_view path);
  void Finish(Done done, Status status);

  void Register(const Member& self, const std::string& data, Done done);
  void SetOrCreate(const std::string& path, const std::string& data, std::vector<ZkOp> guards,
                   Done done);
  void Replace(const std::string& path, const Progress& progress, Done done);
  void GatherAll(const std::string& folder, const std::vector<std::string>& names,
                 std::function<void(Status, std::map<std::string, ZkNode>)> done);
  void RemoveFolders(std::vector<std::string> folders, Done done);

  const ZookeeperCoordinatorOptions options_;
  const ZookeeperFactory factory_;
  Clock* const clock_;
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);  // See IfAlive().
  Coordinator::Listener* listener_ = nullptr;

  State state_ = State::kClosed;
  uint64_t session_no_ = 0;  // Of ours, from 1 on: what waits for an earlier one is void.
  std::unique_ptr<ZookeeperClient> client_;
  std::map<uint64_t, std::unique_ptr<ZookeeperClient>> closing_;
  int64_t reconnect_ms_ = 0;
  uint64_t suspended_no_ = 0;
  std::string incarnation_;
  std::optional<int32_t> joined_version_;  // Of our znode, in this session.
  Epoch claimed_;                          // 0: not in this session.
  int32_t board_version_ = 0;
};

}  // namespace tymbal
