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
  LocalCoordinator coordinator_{&clock_};
  ToldExecutor executor_;
  StderrLog log_{LogLevel::kError};
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

}  // namespace
}  // namespace tymbal::worker
