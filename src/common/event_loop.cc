#include "common/event_loop.h"

#include <utility>

namespace tymbal {

int64_t EventLoop::NowMs() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

int64_t EventLoop::MonotonicMs() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void EventLoop::Post(std::function<void()> task) {
  After(std::chrono::milliseconds(0), std::move(task));
}

void EventLoop::After(std::chrono::milliseconds delay, std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  tasks_.push({std::chrono::steady_clock::now() + delay, sequence_++, std::move(task)});
  posted_.notify_one();
}

void EventLoop::RunUntil(const std::function<bool()>& done) {
  while (!done()) {
    std::function<void()> run;
    {
      std::unique_lock lock(mutex_);
      while (tasks_.empty() || tasks_.top().due > std::chrono::steady_clock::now()) {
        if (tasks_.empty()) {
          posted_.wait(lock);
        } else {
          posted_.wait_until(lock, Time(tasks_.top().due));
        }
      }
      run = tasks_.top().run;
      tasks_.pop();
    }
    run();
  }
}

}  // namespace tymbal
