#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "common/result_store.h"
#include "common/status.h"

namespace tymbal {

/// The result store for node logic: its calls block, so they run somewhere else and reply on the
/// loop. Calls of one AsyncStore run one at a time, in order. Thread: the loop's.
class AsyncStore {
 public:
  /// What runs away from the loop: gets the store, or why it can't be opened.
  using Work = std::function<void(Result<ResultStore*>)>;

  virtual ~AsyncStore() = default;

  /// Runs `work`, then `then` on the loop: each exactly once, `then` never before this returns.
  virtual void Submit(Work work, std::function<void()> then) = 0;

  /// Runs `call(store)`, which returns a Result<T>, and hands that to `reply` on the loop.
  template <typename T>
  void Call(std::function<Result<T>(ResultStore&)> call, std::function<void(Result<T>)> reply) {
    auto result = std::make_shared<std::optional<Result<T>>>();  // Lives in both closures.
    Submit(
        [call = std::move(call), result](Result<ResultStore*> store) {
          *result = store ? call(**store) : Result<T>(store.error());
        },
        [reply = std::move(reply), result] { reply(std::move(**result)); });
  }

  /// The same for calls that return a Status.
  void Do(std::function<Status(ResultStore&)> call, std::function<void(Status)> reply) {
    auto result = std::make_shared<Status>();
    Submit([call = std::move(call), result](
               Result<ResultStore*> store) { *result = store ? call(**store) : store.error(); },
           [reply = std::move(reply), result] { reply(std::move(*result)); });
  }
};

}  // namespace tymbal
