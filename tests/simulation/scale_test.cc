// What a large cluster costs, at sizes that are quick to simulate: docs/scaling.md.

#include <gtest/gtest.h>

#include "simulation/sim_scale.h"

namespace tymbal::testing {
namespace {

constexpr uint64_t kNodes = 30;
constexpr uint64_t kFragments = 240;

class ScaleTest : public ::testing::Test {
 protected:
  /// Both sizes are simulated once for all tests.
  static void SetUpTestSuite() {
    small_ = new ScaleReport(RunScale({.nodes = kNodes / 2, .fragments = kFragments / 2}));
    large_ = new ScaleReport(RunScale({.nodes = kNodes, .fragments = kFragments}));
  }
  static void TearDownTestSuite() {
    delete small_;
    delete large_;
  }
  static const ScaleReport* small_;
  static const ScaleReport* large_;
};
const ScaleReport* ScaleTest::small_ = nullptr;
const ScaleReport* ScaleTest::large_ = nullptr;

TEST_F(ScaleTest, KeepsAllPromises) {
  EXPECT_EQ(large_->broken, std::vector<std::string>());
  EXPECT_EQ(large_->fragments, kFragments);
}

TEST_F(ScaleTest, ARunReadsZookeeperInProportionToItsSize) {
  EXPECT_LT(large_->run.zookeeper.reads, 5 * small_->run.zookeeper.reads / 2);
  // Each node reads the board a few times and the master's znode every 5 s; a step of the master
  // reads three znodes, whatever the number of fragments.
  const uint64_t beats = static_cast<uint64_t>(large_->run.ms) / 5'000 + 2;
  const uint64_t steps = static_cast<uint64_t>(large_->run.ms) / 100 + 10;
  EXPECT_LT(large_->run.zookeeper.reads, 3 * kNodes * beats + 3 * steps);
}

TEST_F(ScaleTest, ARunTellsZookeeperOfEachFragmentOnce) {
  // One progress znode for each fragment, and a sign of life of each node every 5 s.
  const uint64_t beats = static_cast<uint64_t>(large_->run.ms) / 5'000 + 2;
  EXPECT_GE(large_->run.zookeeper.writes, kFragments);
  EXPECT_LT(large_->run.zookeeper.writes, kFragments + kNodes * beats + 20);
}

TEST_F(ScaleTest, AFragmentCostsSevenStatementsAndAStepEleven) {
  const uint64_t steps = large_->run.store.calls_by_name.at("ReadOpenRuns");
  EXPECT_LE(large_->run.store.statements, 7 * kFragments + 11 * steps + 100);
  EXPECT_LE(steps, static_cast<uint64_t>(large_->run.ms) / 100 + 10);
}

TEST_F(ScaleTest, AClusterWithoutWorkHardlyMoves) {
  // The master looks every 5 s; the others look for the master as often.
  EXPECT_LT(large_->idle_minute.store.statements, 130U);
  EXPECT_LT(large_->idle_minute.zookeeper.reads, 20 * kNodes + 50);
  EXPECT_LE(large_->idle_minute.zookeeper.writes, 2 * kNodes);
}

TEST_F(ScaleTest, AFailoverTakesTheSessionsTimeOutOneTickAndASecond) {
  constexpr int64_t kMaxMs = 10'000 + 2'000 + 1'000;
  EXPECT_LE(large_->worker_killed.ms, kMaxMs);
  EXPECT_LE(large_->master_killed.ms, kMaxMs);
}

TEST_F(ScaleTest, OneChangeWakesEachNodeOnceAtMost) {
  EXPECT_LE(large_->run.zookeeper.fan_out_max, kNodes);
  EXPECT_LE(large_->master_killed.zookeeper.fan_out_max, kNodes + 1);
}

}  // namespace
}  // namespace tymbal::testing
