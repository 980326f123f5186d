#include "worker/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "common/local_coordinator.h"
#include "simulation/world.h"

namespace tymbal::worker {
namespace {

/// Writes down what it is told, in order; nothing ever ends.
class ToldExecutor : public FragmentExecutor {
 public:
  void Start(const FragmentWork& work, Done /*done*/) override {
    said.push_back("start " + std::to_string(work.no));
  }
  void Cancel(RunId /*run*/, int32_t fragment_no, Token /*token*/) override {
    said.push_back("cancel " + std::to_string(fragment_no));
  }
  void SetNodes(uint32_t nodes) override { said.push_back("nodes " + std::to_string(nodes)); }
  uint64_t spans_read() const override { return 0; }

  std::vector<std::string> said;
};

/// A board whose reading may fail.
class FailingBoard : public LocalCoordinator {
 public:
  using LocalCoordinator::LocalCoordinator;

  void ReadTask(Reply<std::optional<Task>> reply) override {
    if (failure.ok()) return LocalCoordinator::ReadTask(std::move(reply));
    ++failures;
    reply(failure);
  }

  Status failure;
  int failures = 0;
};

class ErrorCountingLog : public Log {
 public:
  int errors = 0;

 protected:
  void Write(LogLevel level, std::string /*line*/) override {
    errors += level == LogLevel::kError ? 1 : 0;
  }
};

class AssignmentTest : public ::testing::Test {
 protected:
  AssignmentTest() {
    Member self;
    self.node = {"a"};
    coordinator_.Join(self, [](const Status& status) { ASSERT_TRUE(status.ok()); });
    coordinator_.Campaign({{"a"}, "", {}, 0},
                          [](const Result<MasterRecord>& master) { ASSERT_TRUE(master); });
    coordinator_.ClaimBoard({1}, [](const Status& status) { ASSERT_TRUE(status.ok()); });
    world_.RunUntil(1);
  }

  struct Given {
    std::string node;
    int64_t token = 1;
  };

  /// Puts a task on the board whose fragments, in order, are given so, and lets it be read.
  std::vector<std::string> Publish(const std::vector<Given>& given) {
    Task task{{1}, {7}, {0, 60'000}, 1024, {}};
    for (const Given& one : given) {
      const auto no = static_cast<int32_t>(task.fragments.size());
      const auto from = static_cast<uint32_t>(no) * 10;
      task.fragments.push_back({no, {from, from + 10}, {one.node}, {one.token}});
    }
    coordinator_.PublishTask(task, [](const Status& status) { ASSERT_TRUE(status.ok()); });
    world_.RunUntil(world_.now_ms() + 10'000);
    return std::exchange(executor_.said, {});
  }

  testing::World world_{1};
  testing::Process clock_{&world_, "a", 0};
  FailingBoard coordinator_{&clock_};
  ToldExecutor executor_;
  ErrorCountingLog log_;
  Assignment assignment_{{.self = {"a"}}, &clock_, &coordinator_, &executor_, &log_};
};

using Said = std::vector<std::string>;

TEST_F(AssignmentTest, SaysHowManyNodesReadBeforeItStartsAFragment) {
  assignment_.OnLive();
  const Said said = Publish({{"a"}, {"a"}, {"b"}, {"c"}, {"c"}});
  ASSERT_GE(said.size(), 3U);
  EXPECT_EQ(said[0], "nodes 3");
  EXPECT_EQ(said[1], "start 0");
  EXPECT_EQ(said[2], "start 1");
}

/// Otherwise it would go on at the full rate beside the others.
TEST_F(AssignmentTest, SaysItAgainWhenAHandOverBringsAnotherReader) {
  assignment_.OnLive();
  EXPECT_EQ(Publish({{"a"}, {"a"}}).at(0), "nodes 1");
  const Said said = Publish({{"a"}, {"b", 2}});
  EXPECT_NE(std::find(said.begin(), said.end(), "nodes 2"), said.end());
  EXPECT_NE(std::find(said.begin(), said.end(), "cancel 1"), said.end());
  EXPECT_EQ(std::find(said.begin(), said.end(), "start 0"), said.end()) << "it runs already";
}

TEST_F(AssignmentTest, ANodeWithoutFragmentsIsNoReader) {
  assignment_.OnLive();
  EXPECT_EQ(Publish({{"b"}, {"c"}}), Said{});
}

/// The coordinator says it by OnExpired(), perhaps after the reply; nobody needs to act.
TEST_F(AssignmentTest, ASessionThatEndsWhileTheBoardIsReadIsNoError) {
  coordinator_.failure = Fenced("the session is over");
  assignment_.OnLive();
  EXPECT_GT(coordinator_.failures, 0);
  EXPECT_EQ(log_.errors, 0);
}

TEST_F(AssignmentTest, ADamagedBoardIsAnError) {
  coordinator_.failure = BadInput("the task isn't JSON");
  assignment_.OnLive();
  EXPECT_EQ(log_.errors, coordinator_.failures);
  EXPECT_GT(log_.errors, 0);
}

}  // namespace
}  // namespace tymbal::worker
