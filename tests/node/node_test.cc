#include "node/node.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <functional>
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

  void Start(Listener* listener) override {
    listener_ = listener;
    LocalCoordinator::Start(listener);
  }

  void Join(const Member& self, Done done) override {
    if (replies_.empty()) return LocalCoordinator::Join(self, std::move(done));
    clock_->Post([done = std::move(done), status = replies_.front()] { done(status); });
    replies_.pop_front();
  }

  /// Loses the connection, and has it back `after`; then these are the next replies.
  void LoseConnection(std::chrono::milliseconds after, std::deque<Status> replies) {
    listener_->OnSuspended();
    replies_ = std::move(replies);
    clock_->After(after, [this] { listener_->OnLive(); });
  }

 private:
  Clock* const clock_;
  Listener* listener_ = nullptr;
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

constexpr std::chrono::milliseconds kPatience{200};

/// Runs a node until it is a member or says that a person must act. Returns what it says.
Status Join(std::deque<Status> replies,
            const std::function<void(Clock*, FirstRefusing*)>& disturb = {}) {
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
                      .join_retry_ms = 1,
                      .join_patience_ms = kPatience.count()};
  Status fatal;
  Node node(options, &loop, &coordinator, &store, &executor, nullptr, &log,
            [&fatal](const Status& reason) { fatal = reason; });
  node.Start();
  if (disturb) disturb(&loop, &coordinator);
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

/// An earlier process's registration doesn't run out while the coordinator is away.
TEST(Node, WaitsAnewForAnEarlierProcessWhenTheConnectionWasLost) {
  const std::deque<Status> conflicts(10'000, Conflict("an earlier process"));
  const Status fatal = Join(conflicts, [](Clock* clock, FirstRefusing* coordinator) {
    clock->After(kPatience / 4, [coordinator] {
      coordinator->LoseConnection(kPatience, {Conflict("an earlier process")});
    });
  });
  EXPECT_TRUE(fatal.ok()) << fatal.message();
  EXPECT_EQ(Join(conflicts).code(), StatusCode::kConflict) << "a second node";
}

TEST(Node, SaysThatAPersonMustActWhereItMayNotRegister) {
  EXPECT_EQ(Join({InvalidArgument("no right")}).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tymbal::node
