#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "common/coordinator.h"
#include "common/event_loop.h"

namespace tymbal {

/// What every Coordinator must do, whatever is behind it. A parameter makes a fresh one.
using CoordinatorFactory = std::function<std::unique_ptr<Coordinator>(Clock*)>;

class CoordinatorContract : public testing::TestWithParam<CoordinatorFactory>,
                            protected Coordinator::Listener {
 protected:
  void SetUp() override {
    coordinator_ = GetParam()(&loop_);
    coordinator_->Start(this);
    loop_.RunUntil([this] { return live_; });
  }

  /// Runs a call to its end and checks that its callback runs once, and not before the call
  /// returns.
  template <typename T, typename Call>
  T Await(Call call) {
    auto replies = std::make_shared<std::vector<T>>();
    call([replies](T value) { replies->push_back(std::move(value)); });
    EXPECT_TRUE(replies->empty()) << "the callback ran before the call returned";
    loop_.RunUntil([&] { return !replies->empty(); });
    EXPECT_EQ(replies->size(), 1U);
    return replies->front();
  }

  void BecomeMaster() {
    (void)Await<Result<MasterRecord>>([this](auto reply) {
      coordinator_->Campaign({.node = {"node-1"}, .incarnation = "incarnation-1"},
                             std::move(reply));
    });
  }

  Status Do(const std::function<void(Coordinator::Done)>& call) { return Await<Status>(call); }

  void OnLive() override { live_ = true; }
  void OnSuspended() override { live_ = false; }
  void OnExpired() override { live_ = false; }
  void OnFailed(const Status& reason) override { FAIL() << reason.message(); }
  void OnHint(Coordinator::Topic topic) override { hints_.push_back(topic); }

  EventLoop loop_;
  std::unique_ptr<Coordinator> coordinator_;
  bool live_ = false;
  std::vector<Coordinator::Topic> hints_;
};

}  // namespace tymbal
