#include "master/master.h"

#include <gtest/gtest.h>

#include <deque>
#include <utility>

#include "common/local_coordinator.h"
#include "simulation/world.h"
#include "support/memory_result_store.h"

namespace tymbal::master {
namespace {

constexpr int64_t kMinute = 60'000;

/// Keeps the questions, for the test to answer.
class ToldWeights : public SlotWeights {
 public:
  void Ask(const Period& /*period*/, uint32_t /*slots*/, Reply reply) override {
    replies.push_back(std::move(reply));
  }
  std::deque<Reply> replies;
};

class MemoryStore : public AsyncStore {
 public:
  MemoryStore(ResultStore* store, Clock* clock) : store_(store), clock_(clock) {}
  void Submit(Work work, std::function<void()> then) override {
    work(store_);
    clock_->Post(std::move(then));
  }

 private:
  ResultStore* const store_;
  Clock* const clock_;
};

class LinesLog : public Log {
 public:
  bool Has(std::string_view text) const { return lines_.find(text) != std::string::npos; }

 protected:
  void Write(LogLevel /*level*/, std::string line) override { lines_ += line + "\n"; }

 private:
  std::string lines_;
};

/// A master that is alone in its cluster, ten minutes after the epoch, with one period due.
class MasterTest : public ::testing::Test {
 protected:
  MasterTest() {
    world_.At(10 * kMinute, [] {});
    world_.RunUntil(10 * kMinute);
    Member self;
    self.node = {"a"};
    self.incarnation = "a-1";
    coordinator_.Join(self, [](const Status& status) { ASSERT_TRUE(status.ok()); });
    coordinator_.Campaign({{"a"}, "a-1", {}, 0},
                          [](const Result<MasterRecord>& master) { ASSERT_TRUE(master); });
    Pass(100);
  }

  void Pass(int64_t ms) { world_.RunUntil(world_.now_ms() + ms); }

  static std::vector<uint64_t> Weights() {
    std::vector<uint64_t> weights(kSlotsDefault, 1);
    weights[7] = 100'000;
    return weights;
  }

  testing::World world_{1};
  testing::Process clock_{&world_, "a", 0};
  LocalCoordinator coordinator_{&clock_};
  testing::MemoryResults results_;
  testing::MemoryResultStore memory_{results_, [this] { return world_.now_ms(); }};
  MemoryStore store_{&memory_, &clock_};
  ToldWeights weights_;
  LinesLog log_;
  Master master_{{.self = {"a"},
                  .incarnation = "a-1",
                  .job = {.settings = "s", .source = "f", .weigh_slots = true},
                  .schedule = {.grid = *PeriodGrid::Create(5 * kMinute, 0), .delay_ms = 0},
                  .watch = {.stall_timeout_ms = 60 * kMinute},
                  .first_ms = 5 * kMinute},
                 &clock_,
                 &coordinator_,
                 &store_,
                 &weights_,
                 &log_,
                 [] { FAIL() << "nobody else takes an epoch"; }};
};

TEST_F(MasterTest, CutsAPeriodByTheWeightsOfItsSlots) {
  master_.Begin();
  Pass(5'000);
  ASSERT_EQ(weights_.replies.size(), 1U);
  EXPECT_TRUE(results_.runs.empty()) << "planned before the weights were there";
  weights_.replies.front()(Weights());
  Pass(1'000);
  ASSERT_EQ(results_.runs.size(), 1U);
  const auto& fragments = results_.runs.begin()->second.record.fragments;
  ASSERT_EQ(fragments.size(), 4U);
  EXPECT_EQ(fragments[1].slots, (SlotRange{7, 8}));
  EXPECT_TRUE(log_.Has("cut_by=weight"));
  EXPECT_FALSE(log_.Has("more than a node's share")) << "it is alone: all is its share";
}

TEST_F(MasterTest, CutsByWidthWhenNobodyAnswers) {
  master_.Begin();
  Pass(9'000);
  EXPECT_TRUE(results_.runs.empty());
  Pass(6'000);
  ASSERT_EQ(weights_.replies.size(), 1U);
  ASSERT_EQ(results_.runs.size(), 1U);
  const auto& fragments = results_.runs.begin()->second.record.fragments;
  ASSERT_EQ(fragments.size(), 4U);
  EXPECT_EQ(fragments[0].slots, (SlotRange{0, 256}));
  weights_.replies.front()(Weights());  // Too late.
  Pass(1'000);
  EXPECT_EQ(results_.runs.size(), 1U);
}

TEST_F(MasterTest, PlansNothingWhenTheWeightsComeAfterItsMastershipI4) {
  master_.Begin();
  Pass(5'000);
  ASSERT_EQ(weights_.replies.size(), 1U);
  master_.End();
  weights_.replies.front()(Weights());
  Pass(60'000);
  EXPECT_TRUE(results_.runs.empty());

  master_.Begin();
  Pass(5'000);
  ASSERT_EQ(weights_.replies.size(), 2U) << "a new mastership asks anew";
  weights_.replies.back()(Weights());
  Pass(1'000);
  EXPECT_EQ(results_.runs.size(), 1U);
}

TEST_F(MasterTest, AsksAnewWhenTheConnectionWasGoneWhileItWaited) {
  master_.Begin();
  Pass(5'000);
  ASSERT_EQ(weights_.replies.size(), 1U);
  master_.Suspend();
  weights_.replies.front()(Weights());
  Pass(60'000);
  EXPECT_TRUE(results_.runs.empty());
  master_.Resume();
  Pass(1'000);
  ASSERT_EQ(weights_.replies.size(), 2U);
  weights_.replies.back()(Weights());
  Pass(1'000);
  EXPECT_EQ(results_.runs.size(), 1U);
}

}  // namespace
}  // namespace tymbal::master
