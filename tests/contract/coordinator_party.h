#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/coordinator.h"
#include "common/event_loop.h"

namespace tymbal::testing {

/// Makes coordinators of one cluster, each for a node of its own, and disturbs them.
class CoordinatorHarness {
 public:
  virtual ~CoordinatorHarness() = default;
  virtual std::unique_ptr<Coordinator> Make(const std::string& node, Clock* clock) = 0;

  /// Ends the session of a node on the server, as it does itself when it hears nothing.
  virtual void ExpireSession(const std::string& /*node*/) {}
  /// An operator removes a znode below the root with all in it, or writes one.
  virtual void Remove(const std::string& /*below*/) {}
  virtual void Write(const std::string& /*below*/, const std::string& /*data*/) {}

  /// Breaks a node's connection and keeps it from making another one.
  virtual void Cut(const std::string& /*node*/) {}
  /// Holds up what a node and its server say to each other; nobody is told.
  virtual void Stall(const std::string& /*node*/) {}
  virtual void Heal(const std::string& /*node*/) {}
  /// The next write of the node gets lost with the connection: before the server has seen it, or
  /// when it replies.
  virtual void LoseNextRequest(const std::string& /*node*/) {}
  virtual void LoseNextReply(const std::string& /*node*/) {}
};

/// One node's end: counts what it is told.
class Party : public Coordinator::Listener {
 public:
  Party(EventLoop* loop, CoordinatorHarness* harness, std::string name)
      : loop_(loop), name_(std::move(name)), coordinator_(harness->Make(name_, loop)) {}

  void Start() {
    live = false;
    coordinator_->Start(this);
    Until([this] { return live; });
  }

  /// Runs a call to its end and checks that its callback runs once, and not before the call
  /// returns.
  template <typename T, typename Call>
  T Await(Call call) {
    auto replies = std::make_shared<std::vector<T>>();
    ++tally_->calls;
    call([replies, tally = tally_](T value) {
      ++tally->replies;
      replies->push_back(std::move(value));
    });
    EXPECT_TRUE(replies->empty()) << "the callback ran before the call returned";
    Until([&] { return !replies->empty(); });
    EXPECT_EQ(replies->size(), 1U);
    return replies->empty() ? T(Internal("no reply")) : replies->front();
  }
  Status Do(const std::function<void(Coordinator::Done)>& call) { return Await<Status>(call); }

  /// Makes a call and goes on; Settle() waits for the replies to all of them.
  template <typename T, typename Call>
  void Begin(Call call, std::function<void(const T&)> reply) {
    ++tally_->calls;
    call([reply = std::move(reply), tally = tally_](const T& value) {
      ++tally->replies;
      reply(value);
    });
  }
  void Settle() {
    Until([this] { return tally_->replies >= tally_->calls; });
    EXPECT_EQ(tally_->replies, tally_->calls) << "a callback ran twice";
  }

  void Pause(std::chrono::milliseconds duration) {
    bool over = false;
    loop_->After(duration, [&over] { over = true; });
    loop_->RunUntil([&over] { return over; });
  }
  /// Looks again until it sees what is expected, at most 20 s: where there are several servers, the
  /// one that is asked may be behind.
  template <typename T>
  void ExpectSoon(const std::function<T()>& look, const T& expected) {
    T seen = look();
    for (int i = 0; i < 2000 && seen != expected; ++i) {
      Pause(std::chrono::milliseconds(10));
      seen = look();
    }
    EXPECT_EQ(seen, expected);
  }
  void ExpectMembers(const std::vector<std::string>& names) {
    ExpectSoon<std::vector<std::string>>([this] { return MemberNames(); }, names);
  }
  void ExpectMaster(const std::string& name) {
    ExpectSoon<std::string>([this] { return Master(); }, name);
  }

  /// Runs the loop until `done`, at most 20 s.
  void Until(const std::function<bool()>& done) {
    bool late = false;
    auto watching = std::make_shared<bool>(true);
    loop_->After(std::chrono::seconds(20), [&late, watching] {
      if (*watching) late = true;
    });
    loop_->RunUntil([&] { return late || done(); });
    *watching = false;
    EXPECT_FALSE(late) << "nothing happened for 20 s";
  }

  Member Self(const std::string& incarnation = "1") const {
    Member self;
    self.node = {name_};
    self.incarnation = name_ + "-" + incarnation;
    self.host = "host of " + name_;
    self.version = "test";
    self.pid = 4711;
    self.parallelism = 3;
    self.clock_ms = 1'790'000'000'000;
    return self;
  }
  MasterRecord AsMaster() const {
    MasterRecord record;
    record.node = {name_};
    record.incarnation = name_ + "-1";
    record.since_ms = 17;
    return record;
  }

  Status Join(const Member& self) {
    return Do([&](auto done) { coordinator_->Join(self, std::move(done)); });
  }
  Result<std::vector<Member>> Members() {
    return Await<Result<std::vector<Member>>>(
        [this](auto reply) { coordinator_->ReadMembers(std::move(reply)); });
  }
  std::vector<std::string> MemberNames() {
    const auto members = Members();
    std::vector<std::string> names;
    if (!members) return {members.error().message()};
    for (const Member& member : *members) names.push_back(member.node.value);
    return names;
  }
  Result<MasterRecord> Campaign() {
    return Await<Result<MasterRecord>>(
        [this](auto reply) { coordinator_->Campaign(AsMaster(), std::move(reply)); });
  }
  std::string Master() {
    const auto master = Await<Result<std::optional<MasterRecord>>>(
        [this](auto reply) { coordinator_->ReadMaster(std::move(reply)); });
    if (!master) return master.error().message();
    return *master ? (*master)->node.value : "nobody";
  }
  Status Resign() {
    return Do([this](auto done) { coordinator_->Resign(std::move(done)); });
  }
  Status Claim(Epoch epoch) {
    return Do([&](auto done) { coordinator_->ClaimBoard(epoch, std::move(done)); });
  }
  Epoch BoardEpoch() {
    return Await<Result<Epoch>>(
               [this](auto reply) { coordinator_->ReadBoardEpoch(std::move(reply)); })
        .value();
  }
  Status Publish(const Task& task) {
    return Do([&](auto done) { coordinator_->PublishTask(task, std::move(done)); });
  }
  Result<std::optional<Task>> ReadTask() {
    return Await<Result<std::optional<Task>>>(
        [this](auto reply) { coordinator_->ReadTask(std::move(reply)); });
  }
  Status Report(RunId run, int32_t no, const Progress& progress) {
    return Do([&](auto done) { coordinator_->ReportProgress(run, no, progress, std::move(done)); });
  }
  std::map<int32_t, Progress> ReadProgress(RunId run) {
    return Await<Result<std::map<int32_t, Progress>>>(
               [&](auto reply) { coordinator_->ReadProgress(run, std::move(reply)); })
        .value();
  }
  Status Clear(std::optional<RunId> keep) {
    return Do([&](auto done) { coordinator_->ClearProgress(keep, std::move(done)); });
  }
  Control ReadControl() {
    return Await<Result<Control>>(
               [this](auto reply) { coordinator_->ReadControl(std::move(reply)); })
        .value();
  }
  Status Write(const Control& control) {
    return Do([&](auto done) { coordinator_->WriteControl(control, std::move(done)); });
  }
  Status Stop() {
    const Status status = Do([this](auto done) { coordinator_->Stop(std::move(done)); });
    EXPECT_EQ(tally_->replies, tally_->calls) << "each callback runs exactly once";
    return status;
  }
  void AwaitHint(Coordinator::Topic topic) {
    Until([&] { return std::find(hints.begin(), hints.end(), topic) != hints.end(); });
  }
  Coordinator& coordinator() { return *coordinator_; }

  void OnLive() override { live = true; }
  void OnSuspended() override {
    live = false;
    ++suspended;
  }
  void OnExpired() override {
    live = false;
    ++expired;
  }
  void OnFailed(const Status& reason) override { failure = reason; }
  void OnHint(Coordinator::Topic topic) override { hints.push_back(topic); }

  bool live = false;
  int suspended = 0;
  int expired = 0;
  Status failure;
  std::vector<Coordinator::Topic> hints;

 private:
  struct Tally {
    int calls = 0;
    int replies = 0;
  };

  EventLoop* const loop_;
  const std::string name_;
  const std::shared_ptr<Tally> tally_ = std::make_shared<Tally>();  // Callbacks may come late.
  const std::unique_ptr<Coordinator> coordinator_;
};

}  // namespace tymbal::testing
