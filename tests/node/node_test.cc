#include "node/node.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <utility>

#include "common/event_loop.h"
#include "common/local_coordinator.h"

namespace tymbal::node {
namespace {

/// Replies to the first joins as it is told.
class FirstRefusing : public LocalCoordinator {
 public:
  FirstRefusing(Clock* clock, std::deque<Status> replies)
      : LocalCoordinator(clock), clock_(clock), replies_(std::move(replies)) {}

  void Join(const Member& self, Done done) override {
    if (replies_.empty()) return LocalCoordinator::Join(self, std::move(done));
    clock_->Post([done = std::move(done), status = replies_.front()] { done(status); });
    replies_.pop_front();
  }

 private:
  Clock* const clock_;
  std::deque<Status> replies_;
};

class NoStore : public AsyncStore {
 public:
  explicit NoStore(Clock* clock) : clock_(clock) {}
  void Submit(Work work, std::function<void()> then) override {
    work(Unavailable("no store"));
    clock_->Post(std::move(then));
  }

 private:
  Clock* const clock_;
};

class NoExecutor : public worker::FragmentExecutor {
 public:
  void Start(const worker::FragmentWork& /*work*/, Done /*done*/) override { FAIL(); }
  void Cancel(RunId /*run*/, int32_t /*fragment_no*/, Token /*token*/) override {}
  uint64_t spans_read() const override { return 0; }
};

/// Runs a node until it is a member or says that a person must act. Returns what it says.
Status Join(std::deque<Status> replies) {
  EventLoop loop;
  FirstRefusing coordinator(&loop, std::move(replies));
  NoStore store(&loop);
  NoExecutor executor;
  StderrLog log(LogLevel::kError);
  NodeOptions options{.self = {.node = {"a"}, .incarnation = "1"},
                      .master = {.self = {},
                                 .incarnation = {},
                                 .job = {},
                                 .schedule = {.grid = *PeriodGrid::Create(60'000, 0)},
                                 .watch = {},
                                 .first_ms = {}},
                      .assignment = {.self = {}},
                      .join_retry_ms = 1};
  Status fatal;
  Node node(options, &loop, &coordinator, &store, &executor, nullptr, &log,
            [&fatal](const Status& reason) { fatal = reason; });
  node.Start();
  bool member = false;
  loop.RunUntil([&] {
    coordinator.ReadMembers([&](const auto& members) { member = !members->empty(); });
    return member || !fatal.ok();
  });
  bool stopped = false;
  node.Stop([&stopped] { stopped = true; });
  loop.RunUntil([&stopped] { return stopped; });
  return fatal;
}

TEST(Node, JoinsWithTheNextSessionWhenThisOneEndsMeanwhile) {
  const Status fatal = Join({Fenced("the session is over"), Unavailable("not connected"),
                             Ambiguous("the connection is lost"), Conflict("an earlier process")});
  EXPECT_TRUE(fatal.ok()) << fatal.message();
}

TEST(Node, SaysThatAPersonMustActWhereItMayNotRegister) {
  EXPECT_EQ(Join({InvalidArgument("no right")}).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tymbal::node
