#include "master/master.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "master/member_check.h"
#include "master/read_ledger.h"
#include "master/roll_up.h"

namespace tymbal::master {
namespace {

using Topic = Coordinator::Topic;

/// Own clocks that are ahead by less are as good as right: the way to the coordinator takes time.
constexpr int64_t kClockAheadMs = 1'000;

/// Somebody else may have finished a fragment meanwhile: all the better.
Status HandOverAll(ResultStore* store, Epoch epoch, const HandOverFragments& hand_over) {
  for (const HandOverFragments::Item& item : hand_over.items) {
    const auto token = store->HandOver(epoch, hand_over.run, item.no, item.to);
    if (!token && token.error().code() != StatusCode::kConflict) return token.error();
  }
  return Status::Ok();
}

}  // namespace

Master::Master(const MasterOptions& options, Clock* clock, Coordinator* coordinator,
               AsyncStore* store, SlotWeights* weights, Log* log, std::function<void()> on_fenced)
    : options_(options),
      clock_(clock),
      coordinator_(coordinator),
      store_(store),
      log_(log),
      on_fenced_(std::move(on_fenced)),
      weighing_(weights, options.weigh_ms, clock, log),
      watch_(options.watch) {}

template <typename T>
std::function<void(T)> Master::Guard(std::function<void(T)> next) {
  return [this, reign = reign_, next = std::move(next)](T reply) {
    if (reign == reign_) next(std::move(reply));
  };
}

template <typename T>
std::function<void(Result<T>)> Master::Then(std::string_view what, std::function<void(T)> next) {
  return Guard<Result<T>>([this, what, next = std::move(next)](Result<T> reply) {
    if (!reply) return Failed(what, reply.error());
    next(std::move(*reply));
  });
}

void Master::Begin() {
  state_ = State::kClaiming;
  live_ = true;
  failures_ = 0;
  cursor_ms_.reset();
  view_.weighed.reset();
  watch_ = FragmentWatch(options_.watch);
  began_ms_ = clock_->MonotonicMs();
  Claim();
}

void Master::End() {
  if (state_ == State::kIdle) return;
  state_ = State::kIdle;
  busy_ = false;
  ++reign_;
  StopTimer();
  log_->Info("no longer master", {{"epoch", view_.epoch.value}});
}

void Master::Suspend() {
  live_ = false;
  busy_ = false;
  ++reign_;
  StopTimer();
}

void Master::Resume() {
  if (live_) return;
  live_ = true;
  if (state_ == State::kClaiming) Claim();
  if (state_ != State::kLeading) return;
  stale_ = {Topic::kMembers, Topic::kProgress};
  Step();
}

void Master::OnHint(Topic topic) {
  if (topic == Topic::kMaster) return;  // Begin() and End() say it.
  stale_.insert(topic);
  if (state_ == State::kLeading && !busy_) LookAgain(options_.hint_ms);
}

/// The epoch comes from the store, and is greater than any that the board has seen: a store that
/// was restored from a backup has forgotten some.
void Master::Claim() {
  ++reign_;
  busy_ = true;
  coordinator_->ReadBoardEpoch(Then<Epoch>("reading the board's epoch", [this](Epoch above) {
    store_->Call<Epoch>(
        [self = options_.self, above](ResultStore& store) { return store.TakeEpoch(self, above); },
        Then<Epoch>("taking an epoch", [this](Epoch epoch) {
          view_.epoch = epoch;
          coordinator_->ClaimBoard(
              epoch, Guard<Status>([this](const Status& status) {
                if (!status.ok()) return Failed("claiming the board", status);
                state_ = State::kLeading;
                log_->Info("this node is master", {{"epoch", view_.epoch.value}});
                stale_ = {Topic::kMembers, Topic::kProgress};
                Changed();
              }));
        }));
  }));
}

void Master::Step() {
  if (state_ != State::kLeading || !live_ || busy_) return;
  busy_ = true;
  StopTimer();
  const int64_t age_ms = clock_->MonotonicMs() - members_read_ms_;
  const int64_t members_ms = std::max(options_.reconcile_ms, options_.watch.stall_timeout_ms / 8);
  if (stale_.erase(Topic::kMembers) > 0 || age_ms >= members_ms) return ReadMembers();
  ReadControl();
}

void Master::ReadMembers() {
  coordinator_->ReadMembers(
      Then<std::vector<Member>>("reading the members", [this](std::vector<Member> members) {
        members_read_ms_ = clock_->MonotonicMs();
        view_.members = std::move(members);
        LookAtMembers();
        ReadControl();
      }));
}

void Master::ReadControl() {
  stale_.erase(Topic::kControl);
  coordinator_->ReadControl(Then<Control>("reading the switch", [this](const Control& control) {
    if (control.paused != view_.paused) {
      log_->Info(control.paused ? "paused by the operator" : "resumed by the operator",
                 {{"reason", control.reason}});
    }
    view_.paused = control.paused;
    ReadLedger();
  }));
}

void Master::ReadLedger() {
  const auto read = [epoch = view_.epoch, now_ms = NowMs(), cursor_ms = cursor_ms_,
                     options = options_](ResultStore& store) -> Result<Ledger> {
    Ledger ledger;
    const PeriodGrid& grid = options.schedule.grid;
    TYMBAL_ASSIGN_OR_RETURN(ledger.open_runs, store.ReadOpenRuns());
    std::optional<std::vector<PeriodLedger>> periods;
    if (cursor_ms) {
      ledger.from_ms = *cursor_ms;
      TYMBAL_ASSIGN_OR_RETURN(periods, ReadLedgerAfter(&store, grid, *cursor_ms));
    } else {
      const int64_t proposed_ms = options.first_ms.value_or(LastDueStart(options.schedule, now_ms));
      TYMBAL_ASSIGN_OR_RETURN(const int64_t first_ms, store.FixFirstPeriod(epoch, proposed_ms));
      ledger.from_ms = FirstWholePeriod(grid, first_ms);
      TYMBAL_ASSIGN_OR_RETURN(periods, ReadWholeLedger(&store, ledger.from_ms));
    }
    ledger.lost = !periods.has_value();
    if (!ledger.lost) {
      ledger.schedule = LookAtSchedule(options.schedule, ledger.from_ms, *periods, now_ms);
    }
    return ledger;
  };
  store_->Call<Ledger>(read, Then<Ledger>("reading the ledger",
                                          [this](Ledger ledger) { UseLedger(std::move(ledger)); }));
}

void Master::UseLedger(Ledger ledger) {
  if (ledger.lost) {
    // Whatever this mastership remembers counts for nothing. A new epoch is above all that were
    // given out, so that nobody goes on with what the store has forgotten.
    log_->Warn("published periods are gone from the store, as after a restore; computing them anew",
               {{"epoch", view_.epoch.value}});
    End();
    return Begin();
  }
  // Before the first period that was published there is nothing to remember.
  if (ledger.schedule.watermark_ms > ledger.from_ms) cursor_ms_ = ledger.schedule.watermark_ms;
  schedule_ = ledger.schedule;
  view_.due = ledger.schedule.due;
  view_.open_runs = std::move(ledger.open_runs);
  if (!view_.open_runs.empty()) return ReadBoard();
  // Nothing is on its way that they could tell of.
  stale_.erase(Topic::kTask);
  stale_.erase(Topic::kProgress);
  Act();
}

void Master::ReadBoard() {
  stale_.erase(Topic::kTask);
  coordinator_->ReadTask(
      Then<std::optional<Task>>("reading the board", [this](std::optional<Task> task) {
        view_.board = std::move(task);
        ReadProgress();
      }));
}

void Master::ReadProgress() {
  stale_.erase(Topic::kProgress);
  const RunRecord& run = view_.open_runs.front();
  std::set<int32_t> unfinished;  // Of what the ledger says is done, nothing more needs to be said.
  for (const FragmentRecord& fragment : run.fragments) {
    if (fragment.state != FragmentState::kDone) unfinished.insert(fragment.no);
  }
  coordinator_->ReadProgress(
      run.id, [unfinished](int32_t no) { return unfinished.contains(no); },
      Then<std::map<int32_t, Progress>>(
          "reading the progress", [this](const std::map<int32_t, Progress>& progress) {
            watch_.Observe(view_.open_runs.front(), view_.members, progress, clock_->MonotonicMs());
            Act();
          }));
}

void Master::Act() {
  failures_ = 0;
  const Decision decision = Decide(options_.job, view_, watch_, clock_->MonotonicMs());
  std::visit([this](const auto& action) { Do(action); }, decision);
}

void Master::Do(const Wait& /*wait*/) {
  busy_ = false;
  if (!stale_.empty()) return LookAgain(options_.hint_ms);
  const int64_t due_ms = std::max<int64_t>(schedule_.next_ms - NowMs(), options_.hint_ms);
  LookAgain(view_.open_runs.empty() ? std::min(options_.reconcile_ms, due_ms)
                                    : options_.reconcile_ms);
}

/// What was read before is old by the time that the reply comes: so nothing is planned with it.
void Master::Do(const WeighSlots& weigh) {
  weighing_.Ask(
      weigh.period, options_.job.slots,
      Guard<std::vector<uint64_t>>([this, period = weigh.period](std::vector<uint64_t> weights) {
        view_.weighed = Weighed{period, std::move(weights)};
        stale_.insert(Topic::kMembers);
        Changed();
      }));
}

void Master::Do(const PlanPeriod& plan) {
  const int64_t settled_ms = began_ms_ + options_.settle_ms - clock_->MonotonicMs();
  if (!waited_for_all_ && settled_ms > 0) {
    // Nodes that start together with the cluster get their share of its first run.
    busy_ = false;
    stale_.insert(Topic::kMembers);
    return LookAgain(settled_ms);
  }
  waited_for_all_ = true;
  store_->Call<RunRecord>([epoch = view_.epoch, plan = plan.plan](
                              ResultStore& store) { return store.PlanRun(epoch, plan); },
                          Then<RunRecord>("planning a period", [this, plan](const RunRecord& run) {
                            view_.weighed.reset();
                            LogPlanned(plan, run);
                            Changed();
                          }));
}

void Master::LogPlanned(const PlanPeriod& plan, const RunRecord& run) {
  log_->Info("period planned", {{"run", run.id.value},
                                {"start_ms", run.period.start_ms},
                                {"end_ms", run.period.end_ms},
                                {"attempt", run.attempt},
                                {"fragments", run.fragments.size()},
                                {"nodes", view_.members.size()},
                                {"cut_by", plan.by_weight ? "weight" : "width"}});
  if (!plan.heavy) return;
  log_->Warn("one slot is more than a node's share, and can't be divided",
             {{"run", run.id.value},
              {"slot", plan.heavy->slot},
              {"spans", plan.heavy->weight},
              {"of", plan.heavy->total},
              {"nodes", view_.members.size()}});
}

void Master::Do(const HandOverFragments& hand_over) {
  for (const HandOverFragments::Item& item : hand_over.items) {
    log_->Info("handing a fragment over", {{"run", hand_over.run.value},
                                           {"fragment", item.no},
                                           {"from", item.from.value},
                                           {"to", item.to.value},
                                           {"why", VerdictText(item.why)},
                                           {"failure", watch_.Failure(item.no)}});
  }
  store_->Do([epoch = view_.epoch,
              hand_over](ResultStore& store) { return HandOverAll(&store, epoch, hand_over); },
             Guard<Status>([this](const Status& status) {
               if (!status.ok()) return Failed("handing fragments over", status);
               Changed();
             }));
}

void Master::Do(const PublishOnBoard& publish) {
  coordinator_->PublishTask(publish.task, Guard<Status>([this](const Status& status) {
                              if (!status.ok()) return Failed("publishing the task", status);
                              Changed();
                            }));
}

void Master::Do(const PublishResults& publish) {
  store_->Do([epoch = view_.epoch, run = publish.run.id](
                 ResultStore& store) { return RollUpAndPublish(&store, epoch, run); },
             Guard<Status>([this, run = publish.run](const Status& status) {
               if (!status.ok()) return Failed("publishing a period", status);
               Coverage coverage;
               for (const FragmentRecord& fragment : run.fragments)
                 coverage.Merge(fragment.coverage);
               log_->Info("period published", {{"run", run.id.value},
                                               {"start_ms", run.period.start_ms},
                                               {"end_ms", run.period.end_ms},
                                               {"spans", coverage.read},
                                               {"rejected", coverage.rejected.Total()}});
               coordinator_->ClearProgress(
                   {}, Guard<Status>([this](const Status& /*only tidiness*/) { Changed(); }));
             }));
}

void Master::Do(const FailPeriod& fail) {
  log_->Error("period failed", {{"run", fail.run.id.value},
                                {"start_ms", fail.run.period.start_ms},
                                {"end_ms", fail.run.period.end_ms},
                                {"attempt", fail.run.attempt},
                                {"reason", fail.reason}});
  store_->Do(
      [epoch = view_.epoch, fail](ResultStore& store) {
        TYMBAL_RETURN_IF_ERROR(store.FailRun(epoch, fail.run.id, fail.reason));
        return store.PurgeRun(fail.run.id);  // What some fragments committed is of no use.
      },
      Guard<Status>([this](const Status& status) {
        if (!status.ok()) return Failed("failing a period", status);
        coordinator_->ClearProgress(
            {}, Guard<Status>([this](const Status& /*only tidiness*/) { Changed(); }));
      }));
}

/// A clock that is ahead of all others would let periods look complete that are not.
int64_t Master::NowMs() const {
  return clock_->NowMs() - (clock_ahead_ms_ > kClockAheadMs ? clock_ahead_ms_ : 0);
}

void Master::LookAtMembers() {
  for (const Member& member : view_.members) {
    if (member.node == options_.self) clock_ahead_ms_ = ClockAheadMs(member);
  }
  for (const std::string& warning : CheckMembers(view_.members)) {
    if (warned_.insert(warning).second) log_->Warn(warning);
  }
}

/// The earliest of what was asked for counts.
void Master::LookAgain(int64_t delay_ms) {
  const int64_t due_ms = clock_->MonotonicMs() + delay_ms;
  if (timer_due_ms_ != 0 && timer_due_ms_ <= due_ms) return;
  timer_due_ms_ = due_ms;
  clock_->After(std::chrono::milliseconds(delay_ms), [this, timer = ++timer_] {
    if (timer != timer_) return;
    timer_due_ms_ = 0;
    if (state_ == State::kClaiming && live_) return Claim();
    Step();
  });
}

void Master::StopTimer() {
  ++timer_;
  timer_due_ms_ = 0;
}

void Master::Changed() {
  busy_ = false;
  failures_ = 0;
  Step();
}

void Master::Failed(std::string_view what, const Status& status) {
  busy_ = false;
  if (status.code() == StatusCode::kFenced) {
    log_->Info("another node is master", {{"while", what}, {"reason", status.message()}});
    End();
    return on_fenced_();
  }
  ++failures_;
  const int64_t delay_ms =
      std::min(options_.retry_ms << std::min(failures_ - 1, 16), options_.retry_max_ms);
  stale_ = {Topic::kMembers, Topic::kProgress};
  const bool passing = status.error_class() != ErrorClass::kPermanent;
  const bool conflict = status.code() == StatusCode::kConflict;
  if (passing && failures_ < 3) {
    log_->Info("repeating", {{"while", what}, {"reason", status.message()}});
  } else if (passing || conflict) {
    log_->Warn("still failing",
               {{"while", what}, {"reason", status.message()}, {"times", failures_}});
  } else {
    log_->Error("failed", {{"while", what}, {"reason", status.message()}, {"times", failures_}});
  }
  LookAgain(passing ? delay_ms : options_.retry_max_ms);
}

}  // namespace tymbal::master
