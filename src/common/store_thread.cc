#include "common/store_thread.h"

#include <utility>

namespace tymbal {

StoreThread::StoreThread(StoreOpener open, Clock* loop)
    : open_(std::move(open)), loop_(loop), thread_([this] { Run(); }) {}

StoreThread::~StoreThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  submitted_.notify_one();
  thread_.join();
}

void StoreThread::Submit(Work work, std::function<void()> then) {
  const std::lock_guard lock(mutex_);
  calls_.push_back({std::move(work), std::move(then)});
  submitted_.notify_one();
}

void StoreThread::Run() {
  while (true) {
    Pending call;
    {
      std::unique_lock lock(mutex_);
      submitted_.wait(lock, [this] { return stopping_ || !calls_.empty(); });
      if (stopping_) return;
      call = std::move(calls_.front());
      calls_.pop_front();
    }
    Status failure;
    if (store_ == nullptr) {
      auto opened = open_();
      if (opened) {
        store_ = std::move(*opened);
      } else {
        failure = opened.error();
      }
    }
    call.work(failure.ok() ? Result<ResultStore*>(store_.get()) : Result<ResultStore*>(failure));
    loop_->Post(std::move(call.then));
  }
}

}  // namespace tymbal
