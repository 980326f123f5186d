#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/store_thread.h"
#include "worker/aggregator.h"
#include "worker/fragment_executor.h"
#include "worker/span_source.h"

namespace tymbal::worker {

struct ScanExecutorOptions {
  /// `grid`, `slots` and `slot_count` are set from the work.
  AggregatorOptions aggregator;
  size_t threads = 1;
  /// How long a commit is repeated while the store can't be reached.
  std::chrono::milliseconds store_patience{60'000};
  /// Hears how many nodes read at the same time. Thread: the loop's.
  std::function<void(uint32_t nodes)> on_nodes = {};
};

/// Opens the source of a period's spans. Thread: the executor's.
using SourceOpener = std::function<Result<std::unique_ptr<SpanSource>>(const Period& period)>;

/// The FragmentExecutor of production: one thread that reads a period once for all fragments of it
/// that wait, and then commits them one by one. What the ledger says is done or another's is not
/// read at all. Has a store of its own. `loop` must outlive it. The destructor gives everything up;
/// no reply comes any more.
class ScanExecutor : public FragmentExecutor {
 public:
  ScanExecutor(ScanExecutorOptions options, SourceOpener source, StoreOpener store, Clock* loop);
  ~ScanExecutor() override;

  void Start(const FragmentWork& work, Done done) override;
  void Cancel(RunId run, int32_t fragment_no, Token token) override;
  void SetNodes(uint32_t nodes) override {
    if (options_.on_nodes) options_.on_nodes(nodes);
  }
  uint64_t spans_read() const override { return spans_read_; }

 private:
  /// A fragment on its way. Shared by the queue, the thread and Cancel().
  struct Job {
    FragmentWork work;
    Done done;
    std::atomic<bool> cancelled{false};
    bool ended = false;  // The thread's.
  };
  using Jobs = std::vector<std::shared_ptr<Job>>;

  void Run();
  Jobs TakeJobs();
  void Execute(const Jobs& jobs);
  void DropSettled(const RunRecord& run, const Jobs& jobs);
  Result<std::unique_ptr<Aggregator>> Read(const Jobs& jobs);
  Result<CommitOutcome> Commit(Aggregator* aggregator, const FragmentWork& work);
  template <typename T>
  Result<T> Patiently(const std::function<Result<T>(ResultStore&)>& call);
  Result<ResultStore*> Store();
  void End(Job* job, Result<CommitOutcome> outcome);
  bool WaitOrStop(std::chrono::milliseconds time);

  const ScanExecutorOptions options_;
  const SourceOpener open_source_;
  const StoreOpener open_store_;
  Clock* const loop_;
  std::atomic<uint64_t> spans_read_{0};
  std::atomic<bool> cancel_scan_{false};
  std::unique_ptr<ResultStore> store_;  // The thread's.

  std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> queue_;
  Jobs running_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tymbal::worker
