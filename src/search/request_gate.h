#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "common/status.h"

namespace tymbal::search {

struct RequestGateOptions {
  size_t requests_max = 4;  ///< In flight at a time, from this process.
  uint64_t rate_max = 0;    ///< Spans a second, of this process; 0: no limit.
};

/// Keeps this process polite: how many requests are under way at a time, and how many spans a second
/// are asked for. All clients of one source share a gate. Thread: any.
class RequestGate {
 public:
  using Clock = std::chrono::steady_clock;

  explicit RequestGate(RequestGateOptions options) : options_(options) {}

  /// Waits for a turn. `spans`: how many this request will bring. Returns kUnavailable once
  /// `*cancel` is true, looked at every 100 ms.
  Status Enter(uint64_t spans, const std::atomic<bool>* cancel);

  /// The request is over. `overloaded`: the server said that it is (429 and the like).
  void Leave(std::chrono::milliseconds took, bool overloaded);

 private:
  const RequestGateOptions options_;
  std::mutex mutex_;  // Guards what follows.
  std::condition_variable left_;
  size_t running_ = 0;
};

}  // namespace tymbal::search
