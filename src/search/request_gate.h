#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "common/status.h"
#include "search/request_pacer.h"

namespace tymbal::search {

/// Keeps this process polite: lets requests through as RequestPacer says. All clients of one
/// cluster of servers share a gate. Thread: any.
class RequestGate {
 public:
  explicit RequestGate(const RequestGateOptions& options) : pacer_(options) {}

  /// Says how many nodes read at the same time, and so share the rate.
  void set_nodes(uint32_t nodes) { nodes_ = nodes; }

  /// Says that a server has answered, whatever it was.
  void NoteAnswer() { has_answered_ = true; }
  bool has_answered() const { return has_answered_; }

  /// Waits for a turn. `spans`: how many this request will bring. Returns kUnavailable soon after
  /// `*cancel` has become true.
  Status Enter(uint64_t spans, const std::atomic<bool>* cancel);

  /// The request is over; `overloaded`: the server said that it is, or didn't answer.
  void Leave(std::chrono::steady_clock::duration took, uint64_t spans, bool overloaded);

 private:
  std::atomic<uint32_t> nodes_{1};
  std::atomic<bool> has_answered_{false};
  std::mutex mutex_;  // Guards what follows.
  std::condition_variable left_;
  RequestPacer pacer_;
  size_t running_ = 0;
};

}  // namespace tymbal::search
