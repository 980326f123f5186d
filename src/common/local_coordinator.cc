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
  Finish(std::move(done), Status::Ok());
}

/// Replies after the call has returned, as all coordinators do.
void LocalCoordinator::Finish(Done done, Status status) {
  clock_->Post([done = std::move(done), status = std::move(status)] { done(status); });
}

/// Fires the hint of a topic if it was armed.
void LocalCoordinator::Change(Topic topic) {
  if (armed_.erase(topic) == 0) return;
  clock_->Post([this, topic] {
    if (listener_ != nullptr) listener_->OnHint(topic);
  });
}

void LocalCoordinator::Join(const Member& self, Done done) {
  const bool known = member_.has_value();
  member_ = self;
  if (!known) Change(Topic::kMembers);
  Finish(std::move(done), Status::Ok());
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
  Finish(std::move(done), Status::Ok());
}

void LocalCoordinator::ClaimBoard(Epoch epoch, Done done) {
  if (!master_) return Finish(std::move(done), Fenced("this node is not master"));
  if (epoch < epoch_ || (epoch == epoch_ && master_->epoch != epoch)) {
    return Finish(std::move(done), Fenced("the board was claimed by a newer epoch"));
  }
  epoch_ = epoch;
  master_->epoch = epoch;
  Finish(std::move(done), Status::Ok());
}

void LocalCoordinator::ReadBoardEpoch(Reply<Epoch> reply) {
  clock_->Post([reply = std::move(reply), epoch = epoch_] { reply(epoch); });
}

void LocalCoordinator::PublishTask(const Task& task, Done done) {
  if (task.epoch != epoch_) {
    return Finish(std::move(done), Fenced("the task's epoch is not the board's"));
  }
  task_ = task;
  Change(Topic::kTask);
  Finish(std::move(done), Status::Ok());
}

void LocalCoordinator::ReadTask(Reply<std::optional<Task>> reply) {
  armed_.insert(Topic::kTask);
  clock_->Post([reply = std::move(reply), task = task_] { reply(task); });
}

void LocalCoordinator::ReportProgress(RunId run, int32_t fragment_no, const Progress& progress,
                                      Done done) {
  Progress& known = progress_[run][fragment_no];
  if (progress.token >= known.token) {
    known = progress;
    Change(Topic::kProgress);
  }
  Finish(std::move(done), Status::Ok());
}

void LocalCoordinator::ReadProgress(RunId run, Wanted wanted,
                                    Reply<std::map<int32_t, Progress>> reply) {
  armed_.insert(Topic::kProgress);
  std::map<int32_t, Progress> progress;
  if (const auto found = progress_.find(run); found != progress_.end()) progress = found->second;
  std::erase_if(progress, [&](const auto& said) { return !wanted(said.first); });
  clock_->Post([reply = std::move(reply), progress] { reply(progress); });
}

void LocalCoordinator::ClearProgress(std::optional<RunId> keep, Done done) {
  std::erase_if(progress_, [&](const auto& entry) { return !keep || entry.first != *keep; });
  Finish(std::move(done), Status::Ok());
}

void LocalCoordinator::ReadControl(Reply<Control> reply) {
  armed_.insert(Topic::kControl);
  clock_->Post([reply = std::move(reply), control = control_] { reply(control); });
}

void LocalCoordinator::WriteControl(const Control& control, Done done) {
  control_ = control;
  Change(Topic::kControl);
  Finish(std::move(done), Status::Ok());
}

}  // namespace tymbal
