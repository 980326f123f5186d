#include "simulation/checked_coordinator.h"

#include <fmt/format.h>

#include <utility>

namespace tymbal::testing {

template <typename T, typename Send>
void CheckedCoordinator::Watch(std::string_view what, std::function<void(T)> next,
                               const Send& send) {
  std::erase_if(calls_, [](const auto& call) { return call->ended; });
  auto call = std::make_shared<Call>(Call{what, clock_->MonotonicMs()});
  calls_.push_back(call);
  send([this, call, next = std::move(next)](T reply) {
    if (call->ended) checkers_->Fail(fmt::format("{}: {} replied twice", node_, call->what));
    if (!call->returned) {
      checkers_->Fail(fmt::format("{}: {} replied before it returned", node_, call->what));
    }
    call->ended = true;
    next(std::move(reply));
  });
  call->returned = true;
}

void CheckedCoordinator::CheckPending(int64_t age_ms) {
  for (const auto& call : calls_) {
    const int64_t waits_ms = clock_->MonotonicMs() - call->began_ms;
    if (!call->ended && waits_ms > age_ms) {
      checkers_->Fail(fmt::format("{}: {} has no reply for {} ms", node_, call->what, waits_ms));
    }
  }
}

// --- What the listener hears

void CheckedCoordinator::Expect(bool possible, std::string_view event) {
  if (!possible) checkers_->Fail(fmt::format("{}: the session is {} out of turn", node_, event));
}

void CheckedCoordinator::OnLive() {
  Expect(session_ != Session::kLive, "live");
  session_ = Session::kLive;
  listener_->OnLive();
}

void CheckedCoordinator::OnSuspended() {
  Expect(session_ == Session::kLive, "suspended");
  session_ = Session::kSuspended;
  listener_->OnSuspended();
}

void CheckedCoordinator::OnExpired() {
  Expect(session_ != Session::kNew, "over");
  session_ = Session::kNew;
  listener_->OnExpired();
}

void CheckedCoordinator::OnFailed(const Status& reason) { listener_->OnFailed(reason); }

void CheckedCoordinator::OnHint(Topic topic) {
  Expect(session_ == Session::kLive, "the source of a hint");
  listener_->OnHint(topic);
}

// --- Calls

void CheckedCoordinator::Start(Coordinator::Listener* listener) {
  listener_ = listener;
  inner_->Start(this);
}

void CheckedCoordinator::Stop(Done done) {
  Watch<Status>("Stop", std::move(done), [&](Done d) { inner_->Stop(std::move(d)); });
}

void CheckedCoordinator::Join(const Member& self, Done done) {
  Watch<Status>("Join", std::move(done), [&](Done d) { inner_->Join(self, std::move(d)); });
}

void CheckedCoordinator::ReadMembers(Reply<std::vector<Member>> reply) {
  Watch<Result<std::vector<Member>>>("ReadMembers", std::move(reply),
                                     [&](auto r) { inner_->ReadMembers(std::move(r)); });
}

void CheckedCoordinator::Campaign(const MasterRecord& self, Reply<MasterRecord> reply) {
  Watch<Result<MasterRecord>>("Campaign", std::move(reply),
                              [&](auto r) { inner_->Campaign(self, std::move(r)); });
}

void CheckedCoordinator::ReadMaster(Reply<std::optional<MasterRecord>> reply) {
  Watch<Result<std::optional<MasterRecord>>>("ReadMaster", std::move(reply),
                                             [&](auto r) { inner_->ReadMaster(std::move(r)); });
}

void CheckedCoordinator::Resign(Done done) {
  Watch<Status>("Resign", std::move(done), [&](Done d) { inner_->Resign(std::move(d)); });
}

void CheckedCoordinator::ClaimBoard(Epoch epoch, Done done) {
  Watch<Status>("ClaimBoard", std::move(done),
                [&](Done d) { inner_->ClaimBoard(epoch, std::move(d)); });
}

void CheckedCoordinator::ReadBoardEpoch(Reply<Epoch> reply) {
  Watch<Result<Epoch>>("ReadBoardEpoch", std::move(reply),
                       [&](auto r) { inner_->ReadBoardEpoch(std::move(r)); });
}

void CheckedCoordinator::PublishTask(const Task& task, Done done) {
  Watch<Status>("PublishTask", std::move(done),
                [&](Done d) { inner_->PublishTask(task, std::move(d)); });
}

void CheckedCoordinator::ReadTask(Reply<std::optional<Task>> reply) {
  Watch<Result<std::optional<Task>>>("ReadTask", std::move(reply),
                                     [&](auto r) { inner_->ReadTask(std::move(r)); });
}

void CheckedCoordinator::ReportProgress(RunId run, int32_t fragment_no, const Progress& progress,
                                        Done done) {
  Watch<Status>("ReportProgress", std::move(done),
                [&](Done d) { inner_->ReportProgress(run, fragment_no, progress, std::move(d)); });
}

void CheckedCoordinator::ReadProgress(RunId run, Wanted wanted,
                                      Reply<std::map<int32_t, Progress>> reply) {
  Watch<Result<std::map<int32_t, Progress>>>("ReadProgress", std::move(reply), [&](auto r) {
    inner_->ReadProgress(run, std::move(wanted), std::move(r));
  });
}

void CheckedCoordinator::ClearProgress(std::optional<RunId> keep, Done done) {
  Watch<Status>("ClearProgress", std::move(done),
                [&](Done d) { inner_->ClearProgress(keep, std::move(d)); });
}

void CheckedCoordinator::ReadControl(Reply<Control> reply) {
  Watch<Result<Control>>("ReadControl", std::move(reply),
                         [&](auto r) { inner_->ReadControl(std::move(r)); });
}

void CheckedCoordinator::WriteControl(const Control& control, Done done) {
  Watch<Status>("WriteControl", std::move(done),
                [&](Done d) { inner_->WriteControl(control, std::move(d)); });
}

}  // namespace tymbal::testing
