#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulation/memory_zookeeper.h"
#include "support/counting_store.h"

namespace tymbal::testing {

struct ScaleOptions {
  int nodes = 100;
  int fragments = 400;  ///< Of a run; each node begins with as many as another, 1,024 at most.
};

/// What happened between two moments of a large cluster's life.
struct ScalePhase {
  int64_t ms = 0;  ///< Virtual.
  ZkTraffic zookeeper;
  StoreCost store;
};

/// What a cluster of a size does and how long that takes, by the virtual clock. Messages take 1 to
/// 8 ms, calls of the store 2 to 40 ms, a fragment 10 to 20 s; the bandwidth and speed of servers
/// are not modelled.
struct ScaleReport {
  int nodes = 0;
  size_t fragments = 0;
  size_t member_bytes = 0;          ///< Of one znode below /instances.
  size_t job_bytes = 0;             ///< Of /job.
  ScalePhase start;                 ///< All nodes at once, to the last member and a master.
  ScalePhase idle_minute;           ///< Nothing is due.
  ScalePhase begin;                 ///< From the moment a period is due to its last fragment begun.
  ScalePhase run;                   ///< From the moment a period is due to its publication.
  ScalePhase worker_killed;         ///< From the kill to its last fragment begun elsewhere.
  ScalePhase master_killed;         ///< The same.
  std::vector<std::string> broken;  ///< Promises; empty: all were kept.
};

/// Runs a cluster of that size, without faults but the kills, with the timings of production.
/// Deterministic.
ScaleReport RunScale(const ScaleOptions& options);

/// Returns the reports side by side, as a table of Markdown.
std::string FormatScale(const std::vector<ScaleReport>& reports);

}  // namespace tymbal::testing
