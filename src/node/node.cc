#include "node/node.h"

#include <chrono>
#include <memory>
#include <utility>

namespace tymbal::node {
namespace {

using Topic = Coordinator::Topic;

master::MasterOptions WithSelf(master::MasterOptions options, const Member& self) {
  options.self = self.node;
  options.incarnation = self.incarnation;
  return options;
}

worker::AssignmentOptions WithSelf(worker::AssignmentOptions options, const Member& self) {
  options.self = self.node;
  return options;
}

}  // namespace

Node::Node(const NodeOptions& options, Clock* clock, Coordinator* coordinator, AsyncStore* store,
           worker::FragmentExecutor* executor, master::SlotWeights* weights, Log* log,
           std::function<void(const Status&)> on_fatal)
    : options_(options),
      clock_(clock),
      coordinator_(coordinator),
      executor_(executor),
      log_(log),
      on_fatal_(std::move(on_fatal)),
      master_(WithSelf(options.master, options.self), clock, coordinator, store, weights, log,
              [this] { Abdicate(); }),
      assignment_(WithSelf(options.assignment, options.self), clock, coordinator, executor, log),
      random_state_(options.seed),
      said_(options.self) {}

void Node::Start() { coordinator_->Start(this); }

void Node::Stop(std::function<void()> done) {
  stopping_ = true;
  ++connection_;
  master_.End();
  log_->Info("leaving the cluster");
  // At the same time: others take our place at once, whatever is still being given up here.
  auto waiting = std::make_shared<int>(2);
  const auto finish = [waiting, done = std::move(done)] {
    if (--*waiting == 0) done();
  };
  coordinator_->Stop([finish](const Status& /*gone either way*/) { finish(); });
  assignment_.Stop(finish);
}

void Node::OnLive() {
  if (stopping_) return;
  live_ = true;
  ++connection_;
  racing_ = false;
  log_->Info("connected to the coordinator");
  Join();
}

void Node::OnSuspended() {
  live_ = false;
  ++connection_;
  // While the coordinator is away an earlier process's registration doesn't run out, and then it
  // has its whole time again.
  join_began_ms_ = 0;
  log_->Warn("the connection to the coordinator is gone");
  master_.Suspend();
  assignment_.OnSuspended();
}

void Node::OnExpired() {
  live_ = false;
  ++connection_;
  log_->Warn("the session is over; a new one begins");
  master_.End();
  assignment_.OnExpired();
}

void Node::OnFailed(const Status& reason) {
  live_ = false;
  ++connection_;
  master_.End();
  assignment_.OnExpired();
  on_fatal_(reason.WithContext("the coordinator can't be used"));
}

void Node::OnHint(Topic topic) {
  if (!live_ || stopping_) return;
  if (topic == Topic::kMaster) LookForMaster();
  assignment_.OnHint(topic);
  master_.OnHint(topic);
}

/// Registers, or says again how we are.
void Node::Join() {
  said_.clock_ms = clock_->NowMs();
  said_.running = assignment_.running();
  said_.spans_read = executor_->spans_read();
  coordinator_->Join(said_, [this, connection = connection_](const Status& status) {
    if (connection == connection_) OnJoined(status);
  });
}

void Node::OnJoined(const Status& status) {
  if (status.ok()) {
    join_began_ms_ = 0;
    RunAfter(options_.beat_ms, [this] { Beat(); });
    if (assignment_.live()) return;
    log_->Info("registered", {{"node", options_.self.node.value}});
    assignment_.OnLive();
    LookForMaster();
    return;
  }
  const bool conflict = status.code() == StatusCode::kConflict;
  // The session may be over before we are told so; then the next one is joined.
  const bool fenced = status.code() == StatusCode::kFenced;
  if (!conflict && !fenced && status.error_class() == ErrorClass::kPermanent) {
    on_fatal_(status.WithContext("registering"));
    return;
  }
  const int64_t now_ms = clock_->MonotonicMs();
  if (conflict && join_began_ms_ == 0) {
    join_began_ms_ = now_ms;
    log_->Warn("the node id is taken; waiting, for it may be an earlier process of this node",
               {{"reason", status.message()}});
  }
  if (conflict && now_ms - join_began_ms_ > options_.join_patience_ms) {
    on_fatal_(status.WithContext("a second node with the same id is running"));
    return;
  }
  RunAfter(options_.join_retry_ms, [this] { Join(); });
}

void Node::Beat() {
  LookForMaster();
  const int64_t now_ms = clock_->NowMs();
  const bool same =
      said_.running == assignment_.running() && said_.spans_read == executor_->spans_read();
  if (same && now_ms - said_.clock_ms < options_.quiet_beat_ms && now_ms >= said_.clock_ms) {
    return RunAfter(options_.beat_ms, [this] { Beat(); });
  }
  Join();
}

void Node::LookForMaster() {
  if (racing_) return;
  coordinator_->ReadMaster(
      [this, connection = connection_](const Result<std::optional<MasterRecord>>& master) {
        // A failed read is repeated with the next beat.
        if (connection == connection_ && !racing_ && master) Follow(*master);
      });
}

void Node::Follow(const std::optional<MasterRecord>& master) {
  if (!master) {
    master_.End();
    racing_ = true;
    return RunAfter(Jitter(), [this] { Race(); });
  }
  if (master->incarnation != options_.self.incarnation) return master_.End();
  if (master_.leading()) return master_.Resume();
  master_.Begin();
}

void Node::Race() {
  const MasterRecord self{options_.self.node, options_.self.incarnation, {}, clock_->NowMs()};
  coordinator_->Campaign(self,
                         [this, connection = connection_](const Result<MasterRecord>& /*winner*/) {
                           if (connection != connection_) return;
                           racing_ = false;
                           LookForMaster();  // It also arms the hint.
                         });
}

/// Another node has taken an epoch, so this one's word counts for nothing.
void Node::Abdicate() {
  racing_ = true;
  coordinator_->Resign([this, connection = connection_](const Status& /*read again anyway*/) {
    if (connection != connection_) return;
    RunAfter(options_.abdicate_ms + Jitter(), [this] {
      racing_ = false;
      LookForMaster();
    });
  });
}

/// Runs `task` unless the connection was lost meanwhile.
void Node::RunAfter(int64_t delay_ms, std::function<void()> task) {
  clock_->After(std::chrono::milliseconds(delay_ms),
                [this, connection = connection_, task = std::move(task)] {
                  if (connection == connection_) task();
                });
}

/// splitmix64 (Vigna, public domain).
int64_t Node::Jitter() {
  if (options_.jitter_max_ms <= 0) return 0;
  random_state_ += 0x9E3779B97F4A7C15U;
  uint64_t z = random_state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  z ^= z >> 31;
  return static_cast<int64_t>(z % static_cast<uint64_t>(options_.jitter_max_ms));
}

}  // namespace tymbal::node
