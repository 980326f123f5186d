#include "common/local_coordinator.h"

#include <utility>

namespace tymbal {

void LocalCoordinator::Start(Listener* listener) {
  listener_ = listener;
  clock_->Post([this] {
    if (listener_ != nullptr) listener_->OnLive();
  });
}

void LocalCoordinator::Stop(Done done) {
  listener_ = nullptr;
  member_.reset();
  master_.reset();
  armed_.clear();
  clock_->Post([done = std::move(done)] { done(Status::Ok()); });
}

/// Fires the hint of a topic if it was armed.
void LocalCoordinator::Change(Topic topic) {
  if (armed_.erase(topic) == 0) return;
  clock_->Post([this, topic] {
    if (listener_ != nullptr) listener_->OnHint(topic);
  });
}

void LocalCoordinator::Join(const Member& self, Done done) {
  member_ = self;
  Change(Topic::kMembers);
  clock_->Post([done = std::move(done)] { done(Status::Ok()); });
}

void LocalCoordinator::ReadMembers(Reply<std::vector<Member>> reply) {
  armed_.insert(Topic::kMembers);
  std::vector<Member> members;
  if (member_) members.push_back(*member_);
  clock_->Post([reply = std::move(reply), members] { reply(members); });
}

void LocalCoordinator::Campaign(const MasterRecord& self, Reply<MasterRecord> reply) {
  if (!master_) {
    master_ = self;
    Change(Topic::kMaster);
  }
  clock_->Post([reply = std::move(reply), master = *master_] { reply(master); });
}

void LocalCoordinator::ReadMaster(Reply<std::optional<MasterRecord>> reply) {
  armed_.insert(Topic::kMaster);
  clock_->Post([reply = std::move(reply), master = master_] { reply(master); });
}

void LocalCoordinator::Resign(Done done) {
  if (master_) {
    master_.reset();
    Change(Topic::kMaster);
  }
  clock_->Post([done = std::move(done)] { done(Status::Ok()); });
}

void LocalCoordinator::ClaimBoard(Epoch epoch, Done done) {
  const bool newer = epoch > epoch_;
  if (newer) epoch_ = epoch;
  clock_->Post([done = std::move(done), newer] {
    done(newer ? Status::Ok() : Fenced("the board was claimed by a newer epoch"));
  });
}

void LocalCoordinator::PublishTask(const Task& task, Done done) {
  const bool current = task.epoch == epoch_;
  if (current) {
    task_ = task;
    Change(Topic::kTask);
  }
  clock_->Post([done = std::move(done), current] {
    done(current ? Status::Ok() : Fenced("the task's epoch is not the board's"));
  });
}

void LocalCoordinator::ReadTask(Reply<std::optional<Task>> reply) {
  armed_.insert(Topic::kTask);
  clock_->Post([reply = std::move(reply), task = task_] { reply(task); });
}

void LocalCoordinator::ReportProgress(RunId run, int32_t fragment_no, Token token, Done done) {
  progress_[run][fragment_no] = token;
  Change(Topic::kProgress);
  clock_->Post([done = std::move(done)] { done(Status::Ok()); });
}

void LocalCoordinator::ReadProgress(RunId run, Reply<std::map<int32_t, Token>> reply) {
  armed_.insert(Topic::kProgress);
  const auto found = progress_.find(run);
  clock_->Post([reply = std::move(reply), progress = found == progress_.end()
                                                         ? std::map<int32_t, Token>()
                                                         : found->second] { reply(progress); });
}

void LocalCoordinator::ClearProgress(RunId run, Done done) {
  progress_.erase(run);
  clock_->Post([done = std::move(done)] { done(Status::Ok()); });
}

}  // namespace tymbal
