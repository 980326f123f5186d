#include "node/slot_weights_thread.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "common/event_loop.h"

namespace tymbal::node {
namespace {

using Answer = std::optional<Result<std::vector<uint64_t>>>;

constexpr Period kFirst{0, 60'000};
constexpr Period kSecond{60'000, 120'000};

/// A count that ends when it is cancelled, and another one that ends at once.
Result<std::vector<uint64_t>> CountFirstForEver(const Period& period, uint32_t slots,
                                                const std::atomic<bool>* cancel) {
  while (period == kFirst && !cancel->load()) std::this_thread::yield();
  if (period == kFirst) return Unavailable("cancelled");
  return std::vector<uint64_t>(slots, 5);
}

TEST(SlotWeightsThread, RepliesOnTheLoopAndNotBeforeTheCallReturns) {
  EventLoop loop;
  SlotWeightsThread weights(CountFirstForEver, &loop);
  Answer answer;
  weights.Ask(kSecond, 4, [&answer](auto reply) { answer = std::move(reply); });
  EXPECT_FALSE(answer.has_value());
  loop.RunUntil([&answer] { return answer.has_value(); });
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ(**answer, (std::vector<uint64_t>{5, 5, 5, 5}));
}

TEST(SlotWeightsThread, ANewQuestionGivesUpTheOlderOnesAndAllAreAnsweredOnce) {
  EventLoop loop;
  SlotWeightsThread weights(CountFirstForEver, &loop);
  std::vector<Answer> answers(3);
  int replies = 0;
  const auto ask = [&](size_t no, const Period& period) {
    weights.Ask(period, 4, [&answers, &replies, no](auto reply) {
      answers[no] = std::move(reply);
      ++replies;
    });
  };
  ask(0, kFirst);
  ask(1, kFirst);
  ask(2, kSecond);
  loop.RunUntil([&] { return answers[0] && answers[1] && answers[2]; });
  EXPECT_EQ(replies, 3);
  EXPECT_FALSE(answers[0]->has_value());
  EXPECT_FALSE(answers[1]->has_value());
  EXPECT_TRUE(answers[2]->has_value());
}

TEST(SlotWeightsThread, ItsEndGivesUpWhatItIsAt) {
  EventLoop loop;
  SlotWeightsThread weights(CountFirstForEver, &loop);
  weights.Ask(kFirst, 4, [](auto /*reply*/) { FAIL() << "a reply after the end"; });
}

}  // namespace
}  // namespace tymbal::node
