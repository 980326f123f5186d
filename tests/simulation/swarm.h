#pragma once

#include <cstdint>
#include <string>

#include "simulation/sim_executor.h"
#include "simulation/sim_store.h"
#include "simulation/world.h"

namespace tymbal::testing {

/// Which faults a history has, and how often: drawn from its seed, so that some histories are full
/// of one kind and others of another. A weight of 0: that kind does not happen.
struct Swarm {
  int nodes = 3;
  int64_t fault_every_ms = 700;
  int cut = 0;           ///< A node hears nothing of ZooKeeper, nor ZooKeeper of it.
  int outage = 0;        ///< The same for all nodes: ZooKeeper is away, and comes back.
  int expire = 0;        ///< ZooKeeper ends a node's session.
  int freeze = 0;        ///< A process stands still, then goes on as if nothing had been.
  int crash = 0;         ///< A process is gone; the next one comes, or never.
  int stop = 0;          ///< A process leaves by itself, as after SIGTERM; the next one comes.
  int lose = 0;          ///< A request gets lost, or its reply.
  int store_down = 0;    ///< The database is away.
  int source_down = 0;   ///< What spans are read from is away.
  int remove = 0;        ///< An operator deletes znodes, up to all of them.
  int pause = 0;         ///< An operator pauses and resumes.
  int attempts_max = 5;  ///< Failures of a fragment before its period fails.
  int64_t skew_ms = 0;
  double slow_message = 0;
  StoreFaults store;
  SourceFaults source;
};

/// How long a slow message is on its way at most.
inline constexpr int64_t kSlowMessageMs = 6'000;

Swarm DrawSwarm(World* world);

/// Returns all of it on one line, for people.
std::string Describe(const Swarm& swarm);

}  // namespace tymbal::testing
