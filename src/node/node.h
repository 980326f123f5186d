#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "common/async_store.h"
#include "common/clock.h"
#include "common/coordinator.h"
#include "common/log.h"
#include "master/master.h"
#include "worker/assignment.h"

namespace tymbal::node {

struct NodeOptions {
  Member self;
  master::MasterOptions master;  ///< `self` and `incarnation` are set from `self`.
  worker::AssignmentOptions assignment;
  int64_t beat_ms = 5'000;  ///< How often a sign of life is given while work goes on.
  /// A node that has nothing to say says so this often: should its registration have been deleted
  /// by hand, it is back then.
  int64_t quiet_beat_ms = 60'000;
  int64_t join_retry_ms = 1'000;
  int64_t join_patience_ms = 60'000;  ///< How long an earlier self may still be registered.
  int64_t jitter_max_ms = 200;        ///< Nodes race for mastership after up to this long.
  int64_t abdicate_ms = 1'000;        ///< Wait after another one took an epoch.
  uint64_t seed = 1;                  ///< Of the jitter.
};

/// One member of a cluster: registers, races for mastership, works on its fragments, and is master
/// when it has won. Coordinator events only say "look again"; each part then reads what is true.
/// Everything it is given must outlive it. Thread: the loop's.
class Node : private Coordinator::Listener {
 public:
  /// `on_fatal` is called when a person must act, for instance because a second node with this id
  /// is running; stop the node then.
  /// `weights` may be nullptr unless options.master.job.weigh_slots.
  Node(const NodeOptions& options, Clock* clock, Coordinator* coordinator, AsyncStore* store,
       worker::FragmentExecutor* executor, master::SlotWeights* weights, Log* log,
       std::function<void(const Status&)> on_fatal);

  void Start();
  /// Gives work and mastership back, leaves the cluster; then runs `done`.
  void Stop(std::function<void()> done);

  bool leading() const { return master_.leading(); }

 private:
  void OnLive() override;
  void OnSuspended() override;
  void OnExpired() override;
  void OnFailed(const Status& reason) override;
  void OnHint(Coordinator::Topic topic) override;

  void Join();
  void OnJoined(const Status& status);
  void Beat();
  void LookForMaster();
  void Race();
  void Follow(const std::optional<MasterRecord>& master);
  void Abdicate();
  void RunAfter(int64_t delay_ms, std::function<void()> task);
  int64_t Jitter();

  const NodeOptions options_;
  Clock* const clock_;
  Coordinator* const coordinator_;
  worker::FragmentExecutor* const executor_;
  Log* const log_;
  const std::function<void(const Status&)> on_fatal_;
  master::Master master_;
  worker::Assignment assignment_;

  bool live_ = false;
  bool stopping_ = false;
  bool racing_ = false;        // A race is on its way or waits for its moment.
  uint64_t connection_ = 0;    // Tasks of an earlier one are void.
  int64_t join_began_ms_ = 0;  // 0: not waiting.
  uint64_t random_state_;
  Member said_;  // What others know of us.
};

}  // namespace tymbal::node
