#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "common/event_loop.h"
#include "contract/coordinator_party.h"

namespace tymbal::testing {

/// A parameter of the suite.
struct CoordinatorKind {
  std::string name;
  std::function<std::unique_ptr<CoordinatorHarness>(EventLoop*)> make;
  /// Returns why this kind can't be tested here, empty where it can.
  std::function<std::string()> missing = [] { return std::string(); };
};
inline void PrintTo(const CoordinatorKind& kind, std::ostream* out) { *out << kind.name; }

/// What every Coordinator must do, whatever is behind it.
class CoordinatorContract : public ::testing::TestWithParam<CoordinatorKind> {
 protected:
  void SetUp() override {
    const std::string missing = GetParam().missing();
    if (!missing.empty()) GTEST_SKIP() << missing;
    harness_ = GetParam().make(&loop_);
    a_ = std::make_unique<Party>(&loop_, harness_.get(), "a");
    a_->Start();
  }
  void TearDown() override {
    for (const auto* party : {&a_, &b_}) {
      if (*party != nullptr) {
        EXPECT_TRUE((*party)->Stop().ok());
      }
    }
  }
  /// A second node.
  Party& b() {
    if (b_ == nullptr) {
      b_ = std::make_unique<Party>(&loop_, harness_.get(), "b");
      b_->Start();
    }
    return *b_;
  }
  Party& a() { return *a_; }

  EventLoop loop_;
  std::unique_ptr<CoordinatorHarness> harness_;
  std::unique_ptr<Party> a_;
  std::unique_ptr<Party> b_;
};

/// What it must do beside that where there are several nodes, sessions that end, and operators.
class ClusterContract : public CoordinatorContract {};

}  // namespace tymbal::testing
