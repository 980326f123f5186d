#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/log.h"
#include "common/zookeeper_coordinator.h"
#include "node/node.h"
#include "simulation/checked_coordinator.h"
#include "simulation/checkers.h"
#include "simulation/memory_zookeeper.h"
#include "simulation/sim_executor.h"
#include "simulation/sim_slot_weights.h"
#include "simulation/sim_spans.h"
#include "simulation/sim_store.h"
#include "simulation/world.h"

namespace tymbal::testing {

/// What all nodes of a simulated cluster share.
struct SimShared {
  World* world;
  MemoryZookeeper* server;
  ResultStore* results;
  const SimSpans* spans;
  const StoreFaults* store_faults;
  const SourceFaults* source_faults;
  Checkers* checkers;
};

/// The log of a node: its lines go into the trace, and no error is expected.
class SimLog : public Log {
 public:
  SimLog(World* world, std::string name, Checkers* checkers)
      : world_(world), name_(std::move(name)), checkers_(checkers) {}

 protected:
  void Write(LogLevel level, std::string line) override;

 private:
  World* const world_;
  const std::string name_;
  Checkers* const checkers_;
};

/// One incarnation of a node: the real node, in a process of the simulation. `options.self` says
/// which; REQUIRES: no two have one incarnation. A dead one must stay, for what is on its way may
/// still name it.
class SimNode {
 public:
  SimNode(const SimShared& shared, const node::NodeOptions& options, int64_t skew_ms);

  Process& process() { return process_; }
  node::Node& node() { return node_; }
  SimExecutor& executor() { return executor_; }
  CheckedCoordinator& coordinator() { return coordinator_; }
  bool leading() const { return process_.alive() && node_.leading(); }

 private:
  Process process_;
  SimLog log_;
  ZookeeperCoordinator zookeeper_;
  CheckedCoordinator coordinator_;
  SimStore store_;
  SimExecutor executor_;
  SimSlotWeights weights_;
  node::Node node_;
};

/// Where the simulated clusters live in ZooKeeper.
inline constexpr const char* kSimRoot = "/sim";

}  // namespace tymbal::testing
