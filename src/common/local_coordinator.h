#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "common/clock.h"
#include "common/coordinator.h"

namespace tymbal {

/// The coordinator of a node that is alone: member and master at once, and connected always. Used
/// by `tymbal run`. The clock must outlive it. Thread: the loop's.
class LocalCoordinator : public Coordinator {
 public:
  explicit LocalCoordinator(Clock* clock) : clock_(clock) {}

  void Start(Listener* listener) override;
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
  using Coordinator::ReadProgress;
  void ReadProgress(RunId run, Wanted wanted, Reply<std::map<int32_t, Progress>> reply) override;
  void ClearProgress(std::optional<RunId> keep, Done done) override;
  void ReadControl(Reply<Control> reply) override;
  void WriteControl(const Control& control, Done done) override;

 private:
  void Change(Topic topic);
  void Finish(Done done, Status status);

  Clock* const clock_;
  Listener* listener_ = nullptr;
  std::set<Topic> armed_;
  std::optional<Member> member_;
  std::optional<MasterRecord> master_;
  Epoch epoch_;
  std::optional<Task> task_;
  std::map<RunId, std::map<int32_t, Progress>> progress_;
  Control control_;
};

}  // namespace tymbal
