#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace tymbal {

/// Time and order for node logic: the only clock it reads, and the loop that it runs on. The
/// simulation has another one than production.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Returns the wall time in ms since the UTC epoch. It may jump; never used to decide who may
  /// write.
  virtual int64_t NowMs() const = 0;

  /// Returns ms since some moment in the past; never jumps. For intervals.
  virtual int64_t MonotonicMs() const = 0;

  /// Runs `task` on the loop, after what was posted before. Thread: any.
  virtual void Post(std::function<void()> task) = 0;

  /// Runs `task` on the loop, not before `delay` has passed. Thread: any.
  virtual void After(std::chrono::milliseconds delay, std::function<void()> task) = 0;
};

}  // namespace tymbal
