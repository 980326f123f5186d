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

/// Makes coordinators of one cluster, each for a node of its own.
class CoordinatorHarness {
 public:
  virtual ~CoordinatorHarness() = default;
  virtual std::unique_ptr<Coordinator> Make(const std::string& node, Clock* clock) = 0;
  /// Ends the session of a node as its server does when it hears nothing of it.
  virtual void ExpireSession(const std::string& /*node*/) {}
  /// An operator removes a znode below the root.
  virtual void Remove(const std::string& /*below*/) {}
};

/// A parameter of the suite.
struct CoordinatorKind {
  std::string name;
  std::function<std::unique_ptr<CoordinatorHarness>(EventLoop*)> make;
  /// Returns why this kind can't be tested here, empty where it can.
  std::function<std::string()> missing = [] { return std::string(); };
};
inline void PrintTo(const CoordinatorKind& kind, std::ostream* out) { *out << kind.name; }

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
    call([replies](T value) { replies->push_back(std::move(value)); });
    EXPECT_TRUE(replies->empty()) << "the callback ran before the call returned";
    Until([&] { return !replies->empty(); });
    EXPECT_EQ(replies->size(), 1U);
    return replies->empty() ? T(Internal("no reply")) : replies->front();
  }
  Status Do(const std::function<void(Coordinator::Done)>& call) { return Await<Status>(call); }

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
    return Do([this](auto done) { coordinator_->Stop(std::move(done)); });
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
  EventLoop* const loop_;
  const std::string name_;
  const std::unique_ptr<Coordinator> coordinator_;
};

/// What every Coordinator must do, whatever is behind it.
class CoordinatorContract : public ::testing::TestWithParam<CoordinatorKind> {
 protected:
  void SetUp() override {
    const std::string missing = GetParam().missing();
    if (!missing.empty()) GTEST_SKIP() << missing;
    harness_ = GetParam().make(&loop_);
    a_ = std::make_unique<Party>(&loop_, harness_.get(), "a");
    a_->Start();
  }
  void TearDown() override {
    for (const auto* party : {&a_, &b_}) {
      if (*party != nullptr) {
        EXPECT_TRUE((*party)->Stop().ok());
      }
    }
  }
  /// A second node.
  Party& b() {
    if (b_ == nullptr) {
      b_ = std::make_unique<Party>(&loop_, harness_.get(), "b");
      b_->Start();
    }
    return *b_;
  }
  Party& a() { return *a_; }

  EventLoop loop_;
  std::unique_ptr<CoordinatorHarness> harness_;
  std::unique_ptr<Party> a_;
  std::unique_ptr<Party> b_;
};

/// What it must do beside that where there are several nodes, sessions that end, and operators.
class ClusterContract : public CoordinatorContract {};

}  // namespace tymbal::testing
