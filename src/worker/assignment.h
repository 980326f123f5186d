#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "common/clock.h"
#include "common/coordinator.h"
#include "common/log.h"
#include "worker/fragment_executor.h"

namespace tymbal::worker {

struct AssignmentOptions {
  NodeId self;
  /// Read the board this often, whether or not a hint came: a small one. One of many fragments,
  /// which as many nodes read, more rarely, by one interval for each `fragments_per_interval`.
  int64_t reconcile_ms = 5'000;
  size_t fragments_per_interval = 64;
};

/// The control part of a worker: reads the board, starts the fragments that name this node, gives
/// up those that were taken away, reports how they ended. Everything it is given must outlive it.
/// Thread: the loop's.
class Assignment {
 public:
  Assignment(AssignmentOptions options, Clock* clock, Coordinator* coordinator,
             FragmentExecutor* executor, Log* log);

  /// Connected, first or again: reads the board.
  void OnLive();
  /// The connection is gone: goes on with what was started, starts nothing new.
  void OnSuspended();
  /// The session is over, so the fragments are being given to others: gives all up.
  void OnExpired();
  void OnHint(Coordinator::Topic topic);
  /// Takes no further work and gives up what is running; `done` runs once nothing does.
  void Stop(std::function<void()> done);

  /// Returns whether it reads the board.
  bool live() const { return live_; }
  /// Returns the number of fragments that were started and haven't ended.
  uint32_t running() const { return running_; }

 private:
  /// A fragment under a token. The run comes first: whatever is below the board's is over.
  struct Key {
    RunId run;
    int32_t no = 0;
    Token token;
    auto operator<=>(const Key&) const = default;
  };
  /// kRunning -the executor's reply-> kReporting -acknowledged-> kReported; any -the board has
  /// another task, or the session is over-> forgotten, after it has ended.
  enum class State : uint8_t { kRunning, kReporting, kReported };
  struct Work {
    State state = State::kRunning;
    bool cancelled = false;
    Progress progress;  // What is to be reported.
  };

  void ReadBoard();
  void Take(const Task& task);
  void Start(const Task& task, const TaskFragment& fragment);
  void OnDone(const Key& key, const Result<CommitOutcome>& outcome);
  void Report(const Key& key);
  void CancelAll();
  void Tick(uint64_t timer);

  const AssignmentOptions options_;
  Clock* const clock_;
  Coordinator* const coordinator_;
  FragmentExecutor* const executor_;
  Log* const log_;

  bool live_ = false;
  bool stopping_ = false;
  std::function<void()> on_stopped_;
  uint64_t timer_ = 0;
  size_t intervals_to_read_ = 0;  // Until the board is read without a hint.
  Epoch epoch_;                   // The newest that a task had: an older task is late.
  uint32_t running_ = 0;
  std::map<Key, Work> works_;
};

}  // namespace tymbal::worker
