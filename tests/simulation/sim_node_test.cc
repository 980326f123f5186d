// Histories that chance seldom makes, told step by step.

#include "simulation/sim_node.h"

#include <gmock/gmock.h>

#include <memory>
#include <vector>

namespace tymbal::testing {
namespace {

using ::testing::IsEmpty;

constexpr int64_t kBeginMs = 1'795'341'600'000;
constexpr int64_t kPeriodMs = 10'000;
constexpr int64_t kDelayMs = 500;

class SimNodeTest : public ::testing::Test {
 protected:
  SimNodeTest() {
    world_.At(kBeginMs, [] {});
    world_.RunUntil(kBeginMs);
    server_ = std::make_unique<MemoryZookeeper>(
        &clock_, MemoryZookeeper::Options{.latency_ms = [] { return int64_t{2}; }});
  }

  SimNode& Boot(const std::string& name, int64_t skew_ms = 0) {
    node::NodeOptions options{
        .self = {.node = {name}, .incarnation = name},
        .master = {.self = {},
                   .incarnation = {},
                   .job = {},
                   .schedule = {.grid = *PeriodGrid::Create(kPeriodMs, 0), .delay_ms = kDelayMs},
                   .watch = {},
                   .first_ms = kBeginMs - kPeriodMs},
        .assignment = {.self = {}}};
    nodes_.push_back(std::make_unique<SimNode>(
        SimShared{&world_, server_.get(), &store_, &spans_, &no_faults_, &source_, &checkers_},
        options, skew_ms));
    return *nodes_.back();
  }
  void RunUntil(int64_t ms) { world_.RunUntil(kBeginMs + ms); }
  size_t Published() const {
    size_t published = 0;
    for (const auto& [id, run] : results_.runs) {
      if (run.record.state == RunState::kPublished) ++published;
    }
    return published;
  }

  World world_{1};
  MemoryResults results_;
  SimSpans spans_{{.seed = 1, .period_ms = kPeriodMs}};
  Checkers checkers_{&results_, &spans_, kPeriodMs, kDelayMs};
  Process clock_{&world_, "zookeeper", 0};
  StoreFaults no_faults_;
  SourceFaults source_;
  FaultyStore store_{&world_, &results_, &no_faults_, &checkers_};
  std::unique_ptr<MemoryZookeeper> server_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
};

TEST_F(SimNodeTest, AMasterWhoseRegistrationIsGoneStillKnowsThatItsClockIsAhead) {
  SimNode& master = Boot("n0", 3'000);
  RunUntil(1'000);
  Boot("n1");
  RunUntil(6'500);  // Between two signs of life, shortly before its clock says that it is time.
  ASSERT_TRUE(master.leading());
  ASSERT_EQ(Published(), 1U);
  server_->Remove(std::string(kSimRoot) + "/instances/n0");
  RunUntil(20'000);
  checkers_.CheckStore();  // That nothing was planned too early, too.
  EXPECT_EQ(Published(), 2U);
  EXPECT_THAT(checkers_.broken(), IsEmpty());
}

TEST_F(SimNodeTest, AClusterWhoseZnodesAreAllRemovedIsWholeAgainAfterAMinute) {
  Boot("n0");
  Boot("n1");
  RunUntil(5'000);
  server_->Remove(kSimRoot);
  RunUntil(75'000);
  for (const auto& node : nodes_) {
    EXPECT_TRUE(server_->Read(kSimRoot + ("/instances/" + node->process().name())).has_value());
  }
  RunUntil(140'000);
  checkers_.CheckStore();
  checkers_.CheckAllPublished(kBeginMs + 130'000);
  EXPECT_THAT(checkers_.broken(), IsEmpty());
}

}  // namespace
}  // namespace tymbal::testing
