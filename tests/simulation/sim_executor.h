#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "simulation/sim_spans.h"
#include "simulation/sim_store.h"
#include "simulation/world.h"
#include "worker/fragment_executor.h"

namespace tymbal::testing {

/// How the source of spans misbehaves.
struct SourceFaults {
  double error = 0;  ///< A fragment's reading fails.
  double stuck = 0;  ///< A fragment's reading never ends.
  int64_t read_ms = 2'000;
  bool down = false;
  double weights_error = 0;  ///< It doesn't say how its spans are spread.
  double weights_late = 0;   ///< It says so when nobody waits for it any more.
};

/// A node's pool threads: reading takes a while, then the commit is sent, and what was sent arrives
/// whatever became of the sender.
class SimExecutor : public worker::FragmentExecutor {
 public:
  SimExecutor(Process* process, ResultStore* store, const SimSpans* spans,
              const StoreFaults* store_faults, const SourceFaults* faults, Checkers* checkers)
      : process_(process),
        store_(store),
        spans_(spans),
        store_faults_(store_faults),
        faults_(faults),
        checkers_(checkers) {}

  void Start(const worker::FragmentWork& work, Done done) override;
  void Cancel(RunId run, int32_t fragment_no, Token token) override;
  uint64_t spans_read() const override { return spans_read_; }

  /// Returns the fragments that are being computed now.
  std::vector<worker::FragmentWork> Running() const;

 private:
  struct Job {
    worker::FragmentWork work;
    Done done;
    bool finished = false;
    bool committing = false;
    int tries = 0;
  };
  using Key = std::tuple<RunId, int32_t, Token>;

  void Read(const std::shared_ptr<Job>& job, int steps);
  void Commit(const std::shared_ptr<Job>& job);
  void Finish(std::shared_ptr<Job> job, Result<CommitOutcome> outcome);

  Process* const process_;
  ResultStore* const store_;
  const SimSpans* const spans_;
  const StoreFaults* const store_faults_;
  const SourceFaults* const faults_;
  Checkers* const checkers_;
  uint64_t spans_read_ = 0;
  std::map<Key, std::shared_ptr<Job>> jobs_;
};

}  // namespace tymbal::testing
