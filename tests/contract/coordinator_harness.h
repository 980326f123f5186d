#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/log.h"
#include "contract/coordinator_contract.h"
#include "simulation/memory_zookeeper.h"
#include "support/zookeeper_proxy.h"

namespace tymbal::testing {

class LocalHarness : public CoordinatorHarness {
 public:
  std::unique_ptr<Coordinator> Make(const std::string& node, Clock* clock) override;
};

/// A cluster over a ZooKeeper in memory.
class MemoryHarness : public CoordinatorHarness {
 public:
  explicit MemoryHarness(EventLoop* loop);
  std::unique_ptr<Coordinator> Make(const std::string& node, Clock* clock) override;
  void ExpireSession(const std::string& node) override { server_.ExpireSessionOf(node); }
  void Remove(const std::string& below) override { server_.Remove("/infra/test/" + below); }
  void Write(const std::string& below, const std::string& data) override {
    server_.Write("/infra/test/" + below, data);
  }
  void Cut(const std::string& node) override { server_.Cut(node, /*silent=*/false); }
  void Stall(const std::string& node) override { server_.Cut(node, /*silent=*/true); }
  void Heal(const std::string& node) override { server_.Heal(node); }
  void LoseNextRequest(const std::string& node) override { server_.LoseNextRequest(node); }
  void LoseNextReply(const std::string& node) override { server_.LoseNextReply(node); }

 private:
  MemoryZookeeper server_;
};

/// A cluster over real servers. Each node comes through a proxy of its own; where there are several
/// servers, to another one than the node before.
class RealHarness : public CoordinatorHarness {
 public:
  struct Options {
    std::string servers;           ///< "host:port,host:port"
    std::string credentials = {};  ///< "user:password"
    int64_t session_timeout_ms = 1'000;
    std::string root = {};  ///< Empty: one that no other test uses.
  };
  explicit RealHarness(Options options);

  std::unique_ptr<Coordinator> Make(const std::string& node, Clock* clock) override;
  void ExpireSession(const std::string& node) override;
  void Remove(const std::string& below) override;
  void Write(const std::string& below, const std::string& data) override;
  void Cut(const std::string& node) override { proxy(node).Cut(); }
  void Stall(const std::string& node) override { proxy(node).Stall(); }
  void Heal(const std::string& node) override { proxy(node).Heal(); }
  void LoseNextRequest(const std::string& node) override { proxy(node).LoseNextRequest(); }
  void LoseNextReply(const std::string& node) override { proxy(node).LoseNextReply(); }

  ZookeeperProxy& proxy(const std::string& node) { return *proxies_.at(node); }
  const std::string& root() const { return options_.root; }

 private:
  const Options options_;
  std::vector<std::string> servers_;
  StderrLog log_;
  std::map<std::string, std::unique_ptr<ZookeeperProxy>> proxies_;
};

/// A path that no other test uses.
std::string FreshRoot();

/// The servers that the environment names for a kind of scripts/stack; empty: none, and `Missing`
/// says why.
std::string ServersOf(const std::string& kind);
std::string Missing(const std::string& kind);

/// In memory, one real server, an ensemble of three.
std::vector<CoordinatorKind> ClusterKinds();
std::string NameOfKind(const ::testing::TestParamInfo<CoordinatorKind>& kind);

/// A task of two fragments.
Task TaskOf(Epoch epoch, RunId run);

}  // namespace tymbal::testing
