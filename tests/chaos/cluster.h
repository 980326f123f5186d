#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "chaos/board.h"
#include "chaos/chance.h"
#include "chaos/history.h"
#include "chaos/raw_sql.h"
#include "chaos/stop_flag.h"
#include "chaos/variant_writer.h"
#include "common/mysql_result_store.h"

namespace tymbal::chaos {

struct ClusterOptions {
  Variant variant = Variant::kAdapter;
  uint64_t seed = 0;
  int32_t writers = 6;
  int32_t masters = 2;
  int32_t periods = 0;
  int32_t recomputed = 0;  ///< So many of the periods get a second run.
  int32_t fragments = 0;   ///< Of each run.
  MysqlTarget proxied;     ///< The server through the proxy.
  RawSql::Target direct;   ///< The same without it.
  std::string disturb;     ///< A shell command to run now and then; empty: none.
};

/// Masters and writers as threads that share nothing but the server and a board, and those who
/// disturb them. A paused thread is a paused node: it wakes up and goes on as if nothing had been.
/// Thread: confined to one; the threads inside end with Stop().
class Cluster {
 public:
  Cluster(const ClusterOptions& options, History& history);
  ~Cluster();

  /// Starts all threads.
  void Start();
  /// Waits until all periods are published; returns false when that takes longer.
  bool Await(int64_t ms);
  /// From now on nobody is killed or paused any more.
  void Heal() { faults_ = false; }
  void Stop();

 private:
  class Writer;
  class Master;

  std::unique_ptr<MysqlResultStore> OpenStore(Chance& chance);
  void KillConnections();
  void Disturb();
  void WatchReports();
  /// Pauses a node now and then. Returns whether the run has been stopped.
  bool Hiccup(Chance& chance, int64_t permille, int64_t ms_max);
  /// Counts an error; one that no fault explains is a violation.
  void Note(const Status& status, std::string_view call);

  ClusterOptions options_;
  History& history_;
  StopFlag stop_;
  Board board_;
  std::atomic<bool> faults_ = true;
  std::atomic<bool> finished_ = false;
  std::atomic<int64_t> latest_epoch_ = 0;  // The newest that a master has been told.
  std::atomic<int64_t> marks_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace tymbal::chaos
