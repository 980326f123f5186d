#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/async_store.h"
#include "common/clock.h"
#include "common/coordinator.h"
#include "common/log.h"
#include "master/decision.h"
#include "master/fragment_watch.h"
#include "master/schedule.h"
#include "master/slot_weights.h"
#include "master/weighing.h"

namespace tymbal::master {

struct MasterOptions {
  NodeId self;
  std::string incarnation;
  JobShape job;
  ScheduleOptions schedule;
  FragmentWatchOptions watch;
  /// The first period of a store that has none; nothing: the last one that is due by then.
  std::optional<int64_t> first_ms;
  int64_t settle_ms = 2'000;     ///< Wait for further nodes before the first plan of a mastership.
  int64_t reconcile_ms = 5'000;  ///< Look again this often, whether or not a hint came.
  int64_t hint_ms = 100;         ///< Collect hints for this long.
  int64_t retry_ms = 500;        ///< Wait after a passing error; doubles up to `retry_max_ms`.
  int64_t retry_max_ms = 10'000;
  int64_t weigh_ms = 10'000;  ///< Wait this long for the weights of the slots.
};

/// What the node that was elected does: plan due periods, hand over fragments whose owners are
/// gone, publish what is done. It is told when it leads and when not; what it may change is decided
/// by the epoch that it takes from the store.
///
/// One step at a time: read everything that may have changed, decide (decision.h), do that one
/// thing, look again. Everything it is given must outlive it. Thread: the loop's.
class Master {
 public:
  /// `on_fenced` is called when somebody else has taken an epoch: this node must not lead any more.
  /// `weights` may be nullptr unless options.job.weigh_slots.
  Master(const MasterOptions& options, Clock* clock, Coordinator* coordinator, AsyncStore* store,
         SlotWeights* weights, Log* log, std::function<void()> on_fenced);

  /// This node was elected: takes an epoch and begins. REQUIRES: it isn't leading.
  void Begin();
  /// It isn't master any more. Not leading: does nothing.
  void End();
  /// The connection is gone: does nothing until Resume() or End().
  void Suspend();
  /// Connected again, and still master: reads everything anew.
  void Resume();
  void OnHint(Coordinator::Topic topic);

  bool leading() const { return state_ != State::kIdle; }

 private:
  /// kIdle -Begin-> kClaiming -epoch on the board-> kLeading; any -End-> kIdle.
  enum class State : uint8_t { kIdle, kClaiming, kLeading };
  struct Ledger {
    std::vector<RunRecord> open_runs;
    ScheduleState schedule;
    int64_t from_ms = 0;  // Where the reading began.
    bool lost = false;    // Periods that were published are gone.
  };

  void Claim();
  void Step();
  void ReadMembers();
  void ReadControl();
  void ReadLedger();
  void UseLedger(Ledger ledger);
  void ReadBoard();
  void ReadProgress();
  void Act();
  void Do(const Wait& wait);
  void Do(const WeighSlots& weigh);
  void Do(const PlanPeriod& plan);
  void Do(const HandOverFragments& hand_over);
  void Do(const PublishOnBoard& publish);
  void Do(const PublishResults& publish);
  void Do(const FailPeriod& fail);

  void LogPlanned(const PlanPeriod& plan, const RunRecord& run);
  int64_t NowMs() const;
  void LookAtMembers();
  void LookAgain(int64_t delay_ms);
  void StopTimer();
  /// Ends a step that changed something: the next one follows at once.
  void Changed();
  void Failed(std::string_view what, const Status& status);
  /// Returns `next`, called only if the mastership that is now is still on when the reply comes.
  template <typename T>
  std::function<void(T)> Guard(std::function<void(T)> next);
  /// Goes on with `next` if a reply is good.
  template <typename T>
  std::function<void(Result<T>)> Then(std::string_view what, std::function<void(T)> next);

  const MasterOptions options_;
  Clock* const clock_;
  Coordinator* const coordinator_;
  AsyncStore* const store_;
  Log* const log_;
  const std::function<void()> on_fenced_;
  Weighing weighing_;

  State state_ = State::kIdle;
  bool live_ = true;
  bool busy_ = false;   // A step is on its way.
  uint64_t reign_ = 0;  // Replies to an earlier one are dropped.
  uint64_t timer_ = 0;  // The one that counts; earlier ones are void.
  int64_t timer_due_ms_ = 0;
  int64_t began_ms_ = 0;
  int64_t members_read_ms_ = 0;
  int64_t clock_ahead_ms_ = 0;  // As last seen; known even while our registration is gone.
  int failures_ = 0;            // In a row.
  bool waited_for_all_ = false;
  std::set<Coordinator::Topic> stale_;
  std::optional<int64_t> cursor_ms_;  // All periods of the job before it are published.
  ClusterView view_;
  ScheduleState schedule_;
  FragmentWatch watch_;
  std::set<std::string> warned_;
};

}  // namespace tymbal::master
