#include "worker/assignment.h"

#include <chrono>
#include <set>
#include <utility>
#include <vector>

namespace tymbal::worker {

Assignment::Assignment(AssignmentOptions options, Clock* clock, Coordinator* coordinator,
                       FragmentExecutor* executor, Log* log)
    : options_(std::move(options)),
      clock_(clock),
      coordinator_(coordinator),
      executor_(executor),
      log_(log) {}

void Assignment::OnLive() {
  if (stopping_) return;
  live_ = true;
  intervals_to_read_ = 0;
  Tick(++timer_);
}

void Assignment::OnSuspended() {
  live_ = false;
  ++timer_;
}

void Assignment::OnExpired() {
  OnSuspended();
  CancelAll();
}

void Assignment::OnHint(Coordinator::Topic topic) {
  if (topic == Coordinator::Topic::kTask && live_) ReadBoard();
}

void Assignment::Stop(std::function<void()> done) {
  stopping_ = true;
  OnSuspended();
  CancelAll();
  if (running_ == 0) return clock_->Post(std::move(done));
  on_stopped_ = std::move(done);
}

/// A lost hint costs one interval, no more; so does a report that did not get through.
void Assignment::Tick(uint64_t timer) {
  if (timer != timer_) return;
  if (intervals_to_read_ > 0) --intervals_to_read_;
  if (intervals_to_read_ == 0) ReadBoard();
  std::vector<Key> unsaid;
  for (const auto& [key, work] : works_) {
    if (work.state == State::kReporting) unsaid.push_back(key);
  }
  for (const Key& key : unsaid) Report(key);
  clock_->After(std::chrono::milliseconds(options_.reconcile_ms), [this, timer] { Tick(timer); });
}

void Assignment::ReadBoard() {
  coordinator_->ReadTask([this](const Result<std::optional<Task>>& task) {
    if (!live_) return;
    intervals_to_read_ = 0;
    if (!task) {
      // What passes is read again soon, what is fenced by the next session; damaged content needs
      // a person.
      const bool fenced = task.error().code() == StatusCode::kFenced;
      if (!fenced && task.error().error_class() == ErrorClass::kPermanent) {
        log_->Error("the board can't be read", {{"reason", task.error().message()}});
      }
      return;
    }
    if (!*task) return;
    intervals_to_read_ = 1 + (*task)->fragments.size() / options_.fragments_per_interval;
    Take(**task);
  });
}

void Assignment::Take(const Task& task) {
  if (task.epoch < epoch_) return;
  epoch_ = task.epoch;
  std::map<Key, const TaskFragment*> mine;
  for (const TaskFragment& fragment : task.fragments) {
    if (fragment.node == options_.self) mine[{task.run, fragment.no, fragment.token}] = &fragment;
  }
  // A fragment that the board no longer gives us under this token is another's, or its run is over.
  // What the board leaves out because it is done can't be running here.
  for (auto work = works_.begin(); work != works_.end();) {
    if (mine.contains(work->first)) {
      ++work;
    } else if (work->second.state == State::kRunning) {
      if (!work->second.cancelled) {
        work->second.cancelled = true;
        executor_->Cancel(work->first.run, work->first.no, work->first.token);
      }
      ++work;
    } else {
      work = works_.erase(work);
    }
  }
  // Before anything starts, and also for what is being read: a hand-over may bring further readers.
  std::set<NodeId> nodes;
  for (const TaskFragment& fragment : task.fragments) nodes.insert(fragment.node);
  if (!mine.empty()) executor_->SetNodes(static_cast<uint32_t>(nodes.size()));
  for (const auto& [key, fragment] : mine) {
    if (!works_.contains(key)) Start(task, *fragment);
  }
}

void Assignment::Start(const Task& task, const TaskFragment& fragment) {
  const Key key{task.run, fragment.no, fragment.token};
  works_[key] = {};
  ++running_;
  log_->Info("fragment started", {{"run", task.run.value},
                                  {"fragment", fragment.no},
                                  {"token", fragment.token.value},
                                  {"slots_from", fragment.slots.from},
                                  {"slots_to", fragment.slots.to}});
  executor_->Start({task.run, task.period, task.slots, fragment.no, fragment.slots, fragment.token},
                   [this, key](const Result<CommitOutcome>& outcome) { OnDone(key, outcome); });
}

void Assignment::OnDone(const Key& key, const Result<CommitOutcome>& outcome) {
  --running_;
  const auto work = works_.find(key);
  const bool fenced = !outcome && outcome.error().code() == StatusCode::kFenced;
  if (outcome) {
    log_->Info("fragment committed", {{"run", key.run.value}, {"fragment", key.no}});
  } else if (fenced || work->second.cancelled) {
    log_->Info(
        "fragment given up",
        {{"run", key.run.value}, {"fragment", key.no}, {"reason", outcome.error().message()}});
  } else {
    log_->Warn(
        "fragment failed",
        {{"run", key.run.value}, {"fragment", key.no}, {"reason", outcome.error().message()}});
  }
  if (!outcome && work->second.cancelled) {
    works_.erase(work);  // Should the board still give it to us, it starts anew.
  } else if (fenced) {
    work->second.state = State::kReported;  // It is another's; nothing to say.
  } else {
    work->second.state = State::kReporting;
    work->second.progress = {key.token, outcome ? "" : outcome.error().message()};
    Report(key);
  }
  if (stopping_ && running_ == 0 && on_stopped_) std::exchange(on_stopped_, nullptr)();
}

void Assignment::Report(const Key& key) {
  if (!live_) return;  // OnLive() does it.
  coordinator_->ReportProgress(key.run, key.no, works_.at(key).progress,
                               [this, key](const Status& status) {
                                 const auto work = works_.find(key);
                                 if (status.ok() && work != works_.end()) {
                                   work->second.state = State::kReported;
                                 }
                               });
}

void Assignment::CancelAll() {
  for (auto& [key, work] : works_) {
    if (work.state != State::kRunning || work.cancelled) continue;
    work.cancelled = true;
    executor_->Cancel(key.run, key.no, key.token);
  }
}

}  // namespace tymbal::worker
