#include "master/weighing.h"

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "simulation/world.h"

namespace tymbal::master {
namespace {

using Weights = std::vector<uint64_t>;

constexpr Period kPeriod{0, 60'000};

/// Keeps the questions, for the test to answer.
class ToldWeights : public SlotWeights {
 public:
  void Ask(const Period& /*period*/, uint32_t /*slots*/, Reply reply) override {
    replies.push_back(std::move(reply));
  }
  std::deque<Reply> replies;
};

class CountingLog : public Log {
 public:
  std::vector<std::string> lines;

 protected:
  void Write(LogLevel /*level*/, std::string line) override { lines.push_back(std::move(line)); }
};

class WeighingTest : public ::testing::Test {
 protected:
  /// Asks, and returns where the answer will be; more than one fails the test.
  std::shared_ptr<std::optional<Weights>> Ask() {
    auto got = std::make_shared<std::optional<Weights>>();
    weighing_.Ask(kPeriod, 3, [got](Weights weights) {
      EXPECT_FALSE(got->has_value()) << "answered twice";
      *got = std::move(weights);
    });
    EXPECT_FALSE(got->has_value()) << "answered before the call returned";
    return got;
  }
  void Pass(int64_t ms) { world_.RunUntil(world_.now_ms() + ms); }

  testing::World world_{1};
  testing::Process clock_{&world_, "master", 0};
  ToldWeights weights_;
  CountingLog log_;
  Weighing weighing_{&weights_, 10'000, &clock_, &log_};
};

TEST_F(WeighingTest, HandsTheWeightsOn) {
  const auto got = Ask();
  weights_.replies.front()(Weights{1, 2, 3});
  EXPECT_EQ(*got, (Weights{1, 2, 3}));
  Pass(20'000);
  EXPECT_TRUE(log_.lines.empty());
}

TEST_F(WeighingTest, WaitsOnlySoLongAndDropsWhatComesLater) {
  const auto got = Ask();
  Pass(9'999);
  EXPECT_FALSE(got->has_value());
  Pass(1);
  EXPECT_EQ(*got, Weights{});
  weights_.replies.front()(Weights{1, 2, 3});
  EXPECT_EQ(*got, Weights{});
  ASSERT_EQ(log_.lines.size(), 1U);
  EXPECT_NE(log_.lines[0].find("no answer within 10000 ms"), std::string::npos);
}

TEST_F(WeighingTest, SaysOnceThatWeightsAreMissingAndAgainAfterTheyWereThere) {
  const auto answer = [this](Result<Weights> weights) {
    const auto got = Ask();
    weights_.replies.back()(std::move(weights));
    EXPECT_TRUE(got->has_value());
  };
  answer(Unavailable("the server is away"));
  answer(Unavailable("the server is away"));
  EXPECT_EQ(log_.lines.size(), 1U);
  answer(Weights{1, 2, 3});
  answer(NotFound("every node reads all spans"));
  ASSERT_EQ(log_.lines.size(), 2U);
  EXPECT_NE(log_.lines[1].find("every node reads all spans"), std::string::npos);
}

}  // namespace
}  // namespace tymbal::master
