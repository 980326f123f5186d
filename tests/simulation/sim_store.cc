#include "simulation/sim_store.h"

#include <memory>
#include <utility>

namespace tymbal::testing {

int64_t StoreLatencyMs(World* world, const StoreFaults& faults) {
  return world->Chance(faults.slow) ? world->Between(100, faults.slow_ms) : world->Between(1, 20);
}

template <typename T>
T FaultyStore::Around(const std::function<T()>& call) {
  if (faults_->down || world_->Chance(faults_->lose_request)) {
    return Unavailable("the request was lost");
  }
  T result = call();
  if (world_->Chance(faults_->lose_reply)) return Ambiguous("the reply was lost");
  return result;
}

template <typename T>
T FaultyStore::AsMaster(std::string_view what, Epoch epoch, std::optional<RunId> run,
                        const std::function<T()>& call) {
  return Around<T>([&]() -> T {
    T result = call();
    bool accepted = false;
    if constexpr (std::is_same_v<T, Status>) {
      accepted = result.ok();
    } else {
      accepted = result.has_value();
    }
    if constexpr (std::is_same_v<T, Result<RunRecord>>) {
      if (accepted) run = result->id;
    }
    if (accepted) checkers_->OnMasterWrite(what, epoch, run);
    return result;
  });
}

Result<Epoch> FaultyStore::TakeEpoch(const NodeId& holder, Epoch above) {
  return Around<Result<Epoch>>([&] { return store_.TakeEpoch(holder, above); });
}

Result<RunRecord> FaultyStore::PlanRun(Epoch epoch, const RunPlan& plan) {
  return AsMaster<Result<RunRecord>>("PlanRun", epoch, {},
                                     [&] { return store_.PlanRun(epoch, plan); });
}

Result<Token> FaultyStore::HandOver(Epoch epoch, RunId run, int32_t fragment_no,
                                    const NodeId& node) {
  return AsMaster<Result<Token>>("HandOver", epoch, run,
                                 [&] { return store_.HandOver(epoch, run, fragment_no, node); });
}

Result<CommitOutcome> FaultyStore::CommitFragment(const FragmentCommit& commit) {
  return Around<Result<CommitOutcome>>([&] {
    const Result<CommitOutcome> outcome = store_.CommitFragment(commit);
    if (outcome && *outcome == CommitOutcome::kCommitted) {
      checkers_->OnCommit(commit.run, commit.fragment_no, commit.token);
    }
    return outcome;
  });
}

Status FaultyStore::VisitMethodRows(RunId run, const std::function<Status(const StatRow&)>& visit) {
  return Around<Status>([&] { return store_.VisitMethodRows(run, visit); });
}

Status FaultyStore::PublishRun(Epoch epoch, RunId run, const Publication& publication) {
  return AsMaster<Status>("PublishRun", epoch, run,
                          [&] { return store_.PublishRun(epoch, run, publication); });
}

Status FaultyStore::FailRun(Epoch epoch, RunId run, std::string_view reason) {
  return AsMaster<Status>("FailRun", epoch, run,
                          [&] { return store_.FailRun(epoch, run, reason); });
}

Status FaultyStore::PurgeRun(RunId run) {
  return Around<Status>([&] { return store_.PurgeRun(run); });
}

Result<RunRecord> FaultyStore::ReadRun(RunId run) {
  return Around<Result<RunRecord>>([&] { return store_.ReadRun(run); });
}

Result<std::vector<RunRecord>> FaultyStore::ReadOpenRuns() {
  return Around<Result<std::vector<RunRecord>>>([&] { return store_.ReadOpenRuns(); });
}

Result<std::optional<RunRecord>> FaultyStore::ReadPublishedRun(int64_t start_ms) {
  return Around<Result<std::optional<RunRecord>>>(
      [&] { return store_.ReadPublishedRun(start_ms); });
}

Result<int64_t> FaultyStore::FixFirstPeriod(Epoch epoch, int64_t proposed_start_ms) {
  return AsMaster<Result<int64_t>>("FixFirstPeriod", epoch, {},
                                   [&] { return store_.FixFirstPeriod(epoch, proposed_start_ms); });
}

Result<std::optional<int64_t>> FaultyStore::ReadFirstPeriod() {
  return Around<Result<std::optional<int64_t>>>([&] { return store_.ReadFirstPeriod(); });
}

Result<std::vector<PeriodLedger>> FaultyStore::ReadLedger(int64_t from_ms, size_t limit) {
  return Around<Result<std::vector<PeriodLedger>>>(
      [&] { return store_.ReadLedger(from_ms, limit); });
}

void SimStore::Submit(Work work, std::function<void()> then) {
  calls_.push_back({std::move(work), std::move(then)});
  if (!sending_) process_->Post([this] { SendNext(); });
  sending_ = true;
}

void SimStore::SendNext() {
  // The call leaves the process here: what happens to it from now on happens without us.
  auto call = std::make_shared<Sent>(std::move(calls_.front()));
  calls_.pop_front();
  World* const world = process_->world();
  world->At(world->now_ms() + StoreLatencyMs(world, *faults_), [this, world, call] {
    call->work(store_);
    world->At(world->now_ms() + StoreLatencyMs(world, *faults_), [this, call] {
      process_->Post([this, call] {
        call->then();
        sending_ = !calls_.empty();
        if (sending_) SendNext();
      });
    });
  });
}

}  // namespace tymbal::testing
