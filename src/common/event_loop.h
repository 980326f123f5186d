#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <queue>
#include <vector>

#include "common/clock.h"

namespace tymbal {

/// The Clock of production: one queue of tasks, run one at a time by whoever calls RunUntil().
class EventLoop : public Clock {
 public:
  int64_t NowMs() const override;
  int64_t MonotonicMs() const override;
  void Post(std::function<void()> task) override;
  void After(std::chrono::milliseconds delay, std::function<void()> task) override;

  /// Runs tasks until `done` returns true, which is asked after each. Thread: the loop's.
  void RunUntil(const std::function<bool()>& done);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Task {
    Time due;
    uint64_t sequence;  // Equal times keep the order of posting.
    std::function<void()> run;
    bool operator>(const Task& other) const {
      return due != other.due ? due > other.due : sequence > other.sequence;
    }
  };

  std::mutex mutex_;
  std::condition_variable posted_;
  std::priority_queue<Task, std::vector<Task>, std::greater<>> tasks_;
  uint64_t sequence_ = 0;
};

}  // namespace tymbal
