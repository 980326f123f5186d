#include "common/event_loop.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace tymbal {
namespace {

TEST(EventLoop, RunsTasksInTheOrderOfTheirPosting) {
  EventLoop loop;
  std::vector<int> seen;
  for (int i = 0; i < 100; ++i) {
    loop.Post([&seen, i] { seen.push_back(i); });
  }
  loop.RunUntil([&] { return seen.size() == 100; });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(seen[static_cast<size_t>(i)], i);
}

TEST(EventLoop, RunsDelayedTasksNotBeforeTheirTime) {
  EventLoop loop;
  std::vector<int> seen;
  loop.After(std::chrono::milliseconds(20), [&] { seen.push_back(2); });
  loop.After(std::chrono::milliseconds(1), [&] { seen.push_back(1); });
  loop.Post([&] { seen.push_back(0); });
  loop.RunUntil([&] { return seen.size() == 3; });
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 2}));
}

TEST(EventLoop, TakesTasksFromOtherThreads) {
  EventLoop loop;
  int ran = 0;  // Touched by the loop's thread only.
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) loop.Post([&ran] { ++ran; });
    });
  }
  loop.RunUntil([&] { return ran == 2000; });
  EXPECT_EQ(ran, 2000);
}

}  // namespace
}  // namespace tymbal
