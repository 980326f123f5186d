#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/config.h"
#include "common/coordinator.h"
#include "common/event_loop.h"
#include "common/log.h"
#include "common/zookeeper_coordinator.h"
#include "common/zookeeper_native_client.h"

namespace tymbal::cli {

/// Reads the configuration of a cluster's nodes. Errors: kInvalidArgument, naming file and option.
Result<Config> LoadClusterConfig(const std::string& conf, const Environment& environment);

/// How to reach ZooKeeper, and below which znode. Errors: kInvalidArgument when the file with the
/// credentials can't be read, or others may read it, or it holds none.
struct ZookeeperSettings {
  ZookeeperOptions session;
  ZookeeperCoordinatorOptions coordinator;
};
Result<ZookeeperSettings> ZookeeperSettingsOf(const Config& config, const Environment& environment);

/// A look at a cluster from outside: connected, but no member. Thread: the caller's; calls block.
class ClusterClient : private Coordinator::Listener {
 public:
  /// Errors: kUnavailable when ZooKeeper doesn't answer within 10 s.
  static Result<std::unique_ptr<ClusterClient>> Connect(const Config& config,
                                                        const Environment& environment);
  ~ClusterClient() override;

  Coordinator& coordinator() { return *coordinator_; }

  /// Runs an asynchronous call to its end; `call` gets the callback.
  template <typename T, typename Call>
  T Await(Call call) {
    std::optional<T> reply;
    call([&reply](T value) { reply = std::move(value); });
    loop_.RunUntil([&reply] { return reply.has_value(); });
    return std::move(*reply);
  }

 private:
  ClusterClient() : log_(LogLevel::kError) {}

  void OnLive() override { live_ = true; }
  void OnSuspended() override {}
  void OnExpired() override {}
  void OnFailed(const Status& reason) override { failure_ = reason; }
  void OnHint(Coordinator::Topic /*topic*/) override {}

  StderrLog log_;
  EventLoop loop_;
  std::unique_ptr<ZookeeperCoordinator> coordinator_;
  bool live_ = false;
  Status failure_;
};

}  // namespace tymbal::cli
