#include "search/request_gate.h"

namespace tymbal::search {
namespace {

constexpr std::chrono::milliseconds kCancelInterval{100};

}  // namespace

Status RequestGate::Enter(uint64_t /*spans*/, const std::atomic<bool>* cancel) {
  std::unique_lock lock(mutex_);
  while (running_ >= options_.requests_max) {
    if (cancel != nullptr && cancel->load()) return Unavailable("cancelled");
    left_.wait_for(lock, kCancelInterval);
  }
  ++running_;
  return Status::Ok();
}

void RequestGate::Leave(std::chrono::milliseconds /*took*/, bool /*overloaded*/) {
  {
    const std::lock_guard lock(mutex_);
    --running_;
  }
  left_.notify_one();
}

}  // namespace tymbal::search
