#include "common/store_thread.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/event_loop.h"
#include "support/memory_result_store.h"

namespace tymbal {
namespace {

using testing::MemoryResults;
using testing::MemoryResultStore;

class StoreThreadTest : public ::testing::Test {
 protected:
  StoreOpener Opener() {
    return [this]() -> Result<std::unique_ptr<ResultStore>> {
      if (failures_-- > 0) return Unavailable("down");
      std::unique_ptr<ResultStore> store =
          std::make_unique<MemoryResultStore>(results_, [] { return int64_t{1}; });
      return store;
    };
  }
  MemoryResults results_;
  int failures_ = 0;
  EventLoop loop_;
};

TEST_F(StoreThreadTest, CallsRunInOrderAndReplyOnTheLoop) {
  StoreThread store(Opener(), &loop_);
  std::vector<int64_t> epochs;
  for (int i = 0; i < 20; ++i) {
    store.Call<Epoch>([](ResultStore& opened) { return opened.TakeEpoch(NodeId{"n"}); },
                      [&](const Result<Epoch>& epoch) { epochs.push_back(epoch->value); });
  }
  EXPECT_TRUE(epochs.empty()) << "a reply came before the call returned";
  loop_.RunUntil([&] { return epochs.size() == 20; });
  for (size_t i = 0; i < epochs.size(); ++i) EXPECT_EQ(epochs[i], static_cast<int64_t>(i) + 1);
}

TEST_F(StoreThreadTest, AStoreThatCannotBeOpenedIsTriedAgainWithTheNextCall) {
  failures_ = 1;
  StoreThread store(Opener(), &loop_);
  std::vector<StatusCode> codes;
  for (int i = 0; i < 2; ++i) {
    store.Do(
        [](ResultStore& opened) { return opened.ReadOpenRuns() ? Status::Ok() : Internal(""); },
        [&](const Status& status) { codes.push_back(status.code()); });
  }
  loop_.RunUntil([&] { return codes.size() == 2; });
  EXPECT_EQ(codes, (std::vector<StatusCode>{StatusCode::kUnavailable, StatusCode::kOk}));
}

}  // namespace
}  // namespace tymbal
