#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "chaos/oracle.h"
#include "chaos/stop_flag.h"
#include "common/ids.h"

namespace tymbal::chaos {

struct Task {
  RunId run;
  Oracle oracle;
  int32_t fragment_no = 0;
  Token token;
};

/// Stands for /job in ZooKeeper: who is to do what. It gives each token to one writer, and is as
/// late and as wrong as its masters. Thread: any.
class Board {
 public:
  /// Puts a task up unless its fragment has been put up with this or a newer token.
  void Offer(const Task& task) {
    const std::lock_guard lock(mutex_);
    Given& given = given_[{task.run.value, task.fragment_no}];
    if (task.token <= given.token) return;
    given = {task.token, SteadyMs()};
    open_.push_back(task);
  }
  std::optional<Task> Take() {
    const std::lock_guard lock(mutex_);
    if (open_.empty()) return std::nullopt;
    const Task task = open_.front();
    open_.pop_front();
    given_[{task.run.value, task.fragment_no}].at_ms = SteadyMs();
    return task;
  }
  /// Returns whether the fragment was taken, or put up, so long ago.
  bool Stalled(RunId run, int32_t fragment_no, int64_t ms) const {
    const std::lock_guard lock(mutex_);
    const auto found = given_.find({run.value, fragment_no});
    return found != given_.end() && SteadyMs() - found->second.at_ms > ms;
  }

 private:
  struct Given {
    Token token;
    int64_t at_ms = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::pair<int64_t, int32_t>, Given> given_;
  std::deque<Task> open_;
};

}  // namespace tymbal::chaos
