#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "common/async_store.h"
#include "common/clock.h"

namespace tymbal {

/// Opens a connection of its own to the result store. Thread: any; called on the one that uses it.
using StoreOpener = std::function<Result<std::unique_ptr<ResultStore>>()>;

/// The AsyncStore of production: a thread with a store of its own, opened with the first call and,
/// should that fail, again with the next. `loop` must outlive it. The destructor finishes the call
/// that is running and drops those that wait; no reply comes any more.
class StoreThread : public AsyncStore {
 public:
  StoreThread(StoreOpener open, Clock* loop);
  ~StoreThread() override;

  void Submit(Work work, std::function<void()> then) override;

 private:
  struct Pending {
    Work work;
    std::function<void()> then;
  };
  void Run();

  const StoreOpener open_;
  Clock* const loop_;
  std::unique_ptr<ResultStore> store_;  // The thread's.
  std::mutex mutex_;                    // Guards what follows.
  std::condition_variable submitted_;
  std::deque<Pending> calls_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tymbal
