#include "master/weighing.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "common/check.h"

namespace tymbal::master {

void Weighing::Ask(const Period& period, uint32_t slots,
                   std::function<void(std::vector<uint64_t>)> then) {
  // Shared by the reply and the time-out: the first takes it, the other finds nothing.
  auto open = std::make_shared<std::function<void(std::vector<uint64_t>)>>(std::move(then));
  const auto answer = [this, slots, open](Result<std::vector<uint64_t>> weights) {
    const auto go_on = std::exchange(*open, nullptr);
    if (!go_on) return;
    if (!weights) {
      SayMissing(weights.error());
      return go_on({});
    }
    TYMBAL_CHECK(weights->size() == slots, "one weight for each slot");
    said_missing_ = false;
    go_on(std::move(*weights));
  };
  weights_->Ask(period, slots, answer);
  clock_->After(std::chrono::milliseconds(timeout_ms_), [this, answer] {
    answer(Unavailable("no answer within " + std::to_string(timeout_ms_) + " ms"));
  });
}

void Weighing::SayMissing(const Status& reason) {
  if (std::exchange(said_missing_, true)) return;
  constexpr std::string_view kSentence =
      "the weights of the slots aren't known: cutting fragments of equal width";
  if (reason.code() == StatusCode::kNotFound) {
    log_->Info(kSentence, {{"reason", reason.message()}});
  } else {
    log_->Warn(kSentence, {{"reason", reason.message()}});
  }
}

}  // namespace tymbal::master
