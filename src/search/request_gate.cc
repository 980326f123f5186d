#include "search/request_gate.h"

#include <algorithm>

namespace tymbal::search {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr SteadyClock::duration kCancelInterval = std::chrono::milliseconds(100);

}  // namespace

Status RequestGate::Enter(uint64_t spans, const std::atomic<bool>* cancel) {
  std::unique_lock lock(mutex_);
  while (running_ >= pacer_.limit()) {
    if (cancel->load()) return Unavailable("cancelled");
    left_.wait_for(lock, kCancelInterval);
  }
  ++running_;
  const SteadyClock::time_point now = SteadyClock::now();
  const SteadyClock::time_point turn = now + pacer_.Reserve(now, spans, nodes_);
  while (SteadyClock::now() < turn) {
    if (cancel->load()) {
      --running_;
      return Unavailable("cancelled");
    }
    // Nobody notifies for it: this is a sleep that gives the lock away.
    left_.wait_for(lock, std::min(turn - SteadyClock::now(), kCancelInterval));
  }
  return Status::Ok();
}

void RequestGate::Leave(SteadyClock::duration took, uint64_t spans, bool overloaded) {
  {
    const std::lock_guard lock(mutex_);
    --running_;
    pacer_.Ended(SteadyClock::now(), took, spans, overloaded);
  }
  left_.notify_all();
}

}  // namespace tymbal::search
