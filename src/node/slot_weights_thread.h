#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "master/slot_weights.h"

namespace tymbal::node {

/// Counts the spans of a period by slot; blocks. It gives up soon after `*cancel` has become true.
/// Thread: that of SlotWeightsThread.
using SlotCounter = std::function<Result<std::vector<uint64_t>>(
    const Period& period, uint32_t slots, const std::atomic<bool>* cancel)>;

/// The SlotWeights of production: a thread that asks the source. `loop` must outlive it. The
/// destructor gives up what it is at; no reply comes any more.
class SlotWeightsThread : public master::SlotWeights {
 public:
  SlotWeightsThread(SlotCounter count, Clock* loop);
  ~SlotWeightsThread() override;

  void Ask(const Period& period, uint32_t slots, Reply reply) override;

 private:
  struct Question {
    Period period;
    uint32_t slots = 0;
    Reply reply;
  };
  void Run();

  const SlotCounter count_;
  Clock* const loop_;
  std::atomic<bool> cancel_{false};  // What is being counted is no longer wanted.
  std::mutex mutex_;                 // Guards what follows.
  std::condition_variable asked_;
  std::optional<Question> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tymbal::node
