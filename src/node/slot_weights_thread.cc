#include "node/slot_weights_thread.h"

#include <utility>

namespace tymbal::node {

SlotWeightsThread::SlotWeightsThread(SlotCounter count, Clock* loop)
    : count_(std::move(count)), loop_(loop), thread_([this] { Run(); }) {}

SlotWeightsThread::~SlotWeightsThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    cancel_ = true;
  }
  asked_.notify_one();
  thread_.join();
}

void SlotWeightsThread::Ask(const Period& period, uint32_t slots, Reply reply) {
  const std::lock_guard lock(mutex_);
  cancel_ = true;
  if (waiting_) {
    loop_->Post([given_up = std::move(waiting_->reply)] { given_up(Unavailable("asked anew")); });
  }
  waiting_ = Question{period, slots, std::move(reply)};
  asked_.notify_one();
}

void SlotWeightsThread::Run() {
  while (true) {
    Question question;
    {
      std::unique_lock lock(mutex_);
      asked_.wait(lock, [this] { return stopping_ || waiting_; });
      if (stopping_) return;
      question = std::move(*waiting_);
      waiting_.reset();
      cancel_ = false;
    }
    auto weights = count_(question.period, question.slots, &cancel_);
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    loop_->Post(
        [reply = std::move(question.reply), weights = std::move(weights)] { reply(weights); });
  }
}

}  // namespace tymbal::node
