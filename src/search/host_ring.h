#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <vector>

namespace tymbal::search {

/// Whose turn it is among the servers of a cluster: one after the other, and who has failed is left
/// alone for a while. Shared by all clients of a factory, so that a dead server costs one of them
/// its time-out and not each. Knows no clock: `now` is its caller's. Thread: any.
class HostRing {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// REQUIRES: hosts > 0.
  HostRing(size_t hosts, std::chrono::milliseconds rest);

  /// Returns the index of the next one that doesn't rest; where all do, of the one that has rested
  /// longest: somebody must be asked.
  size_t Next(TimePoint now);

  /// It is left alone from `now` on.
  void Failed(size_t host, TimePoint now);

  /// It has answered, so it rests no longer.
  void Answered(size_t host);

 private:
  const std::chrono::milliseconds rest_;
  std::mutex mutex_;
  std::vector<TimePoint> rests_until_;  // Guarded by mutex_, as is all below.
  size_t next_ = 0;
};

}  // namespace tymbal::search
