#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/coordinator.h"
#include "simulation/checkers.h"

namespace tymbal::testing {

/// A coordinator, and the checkers' ear at it: each call ends in its callback exactly once and not
/// before it has returned, and what the listener hears of the session is in an order that can be.
/// Changes nothing. Everything it is given must outlive it. Thread: one.
class CheckedCoordinator : public Coordinator, private Coordinator::Listener {
 public:
  CheckedCoordinator(std::string node, Coordinator* inner, const Clock* clock, Checkers* checkers)
      : node_(std::move(node)), inner_(inner), clock_(clock), checkers_(checkers) {}

  /// Notes what has waited for its callback for longer than `age_ms`.
  void CheckPending(int64_t age_ms);

  void Start(Coordinator::Listener* listener) override;
  void Stop(Done done) override;
  void Join(const Member& self, Done done) override;
  void ReadMembers(Reply<std::vector<Member>> reply) override;
  void Campaign(const MasterRecord& self, Reply<MasterRecord> reply) override;
  void ReadMaster(Reply<std::optional<MasterRecord>> reply) override;
  void Resign(Done done) override;
  void ClaimBoard(Epoch epoch, Done done) override;
  void ReadBoardEpoch(Reply<Epoch> reply) override;
  void PublishTask(const Task& task, Done done) override;
  void ReadTask(Reply<std::optional<Task>> reply) override;
  void ReportProgress(RunId run, int32_t fragment_no, const Progress& progress, Done done) override;
  void ReadProgress(RunId run, Wanted wanted, Reply<std::map<int32_t, Progress>> reply) override;
  void ClearProgress(std::optional<RunId> keep, Done done) override;
  void ReadControl(Reply<Control> reply) override;
  void WriteControl(const Control& control, Done done) override;

 private:
  /// kNew -Live-> kLive -Suspended-> kSuspended -Live-> kLive; kLive or kSuspended -Expired-> kNew.
  enum class Session : uint8_t { kNew, kLive, kSuspended };
  struct Call {
    std::string_view what;
    int64_t began_ms = 0;
    bool returned = false;
    bool ended = false;
  };

  void OnLive() override;
  void OnSuspended() override;
  void OnExpired() override;
  void OnFailed(const Status& reason) override;
  void OnHint(Topic topic) override;
  void Expect(bool possible, std::string_view event);

  /// Makes a call: `send` gets what is to be given to the inner coordinator in place of `next`.
  template <typename T, typename Send>
  void Watch(std::string_view what, std::function<void(T)> next, const Send& send);

  const std::string node_;
  Coordinator* const inner_;
  const Clock* const clock_;
  Checkers* const checkers_;
  Coordinator::Listener* listener_ = nullptr;
  Session session_ = Session::kNew;
  std::vector<std::shared_ptr<Call>> calls_;  // Shared with the callbacks that wait.
};

}  // namespace tymbal::testing
