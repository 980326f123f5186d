#include "chaos/cluster.h"

#include <cppconn/exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>

#include "chaos/checker.h"
#include "chaos/oracle.h"

namespace tymbal::chaos {
namespace {

constexpr int64_t kStallMs = 1'500;     // After that a master hands a fragment over.
constexpr int64_t kPauseMsMax = 4'000;  // Longer than the stall, and than the server's patience.
constexpr int64_t kIdleMs = 20;
constexpr size_t kOpenRunsMax = 3;
constexpr size_t kOldTasksMax = 50;

/// Short enough that every limit is met within a run.
MysqlLimits ShortLimits() {
  MysqlLimits limits;
  limits.read_timeout_s = 3;
  limits.write_timeout_s = 3;
  limits.lock_wait_s = 2;
  limits.idle_s = 3;
  limits.retry_ms = 6'000;
  return limits;
}

int64_t WallMs() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace

/// Takes tasks, computes and commits them; sometimes late, sometimes again.
class Cluster::Writer {
 public:
  Writer(Cluster& cluster, uint64_t number)
      : cluster_(cluster),
        chance_(cluster.options_.seed, number),
        variant_(cluster.options_.variant,
                 {.port = cluster.options_.proxied.port,
                  .user = cluster.options_.proxied.user,
                  .database = cluster.options_.proxied.database},
                 cluster.stop_) {}

  void Run() {
    while (!cluster_.stop_.stopped()) {
      std::optional<Task> task = cluster_.board_.Take();
      if (cluster_.faults_ && !old_.empty() && chance_.Permille(30)) {
        // A zombie of long ago.
        Commit(
            old_[static_cast<size_t>(chance_.Between(0, static_cast<int64_t>(old_.size()) - 1))]);
      }
      if (!task.has_value()) {
        if (cluster_.stop_.Wait(kIdleMs)) return;
        continue;
      }
      if (cluster_.Hiccup(chance_, 120, kPauseMsMax)) return;
      Commit(*task);
      if (old_.size() < kOldTasksMax && chance_.Permille(300)) old_.push_back(*task);
      if (cluster_.faults_ && chance_.Permille(20)) store_.reset();  // Started anew.
    }
  }

 private:
  void Commit(const Task& task) {
    CommitCall call;
    call.run = task.run;
    call.fragment_no = task.fragment_no;
    call.token = task.token;
    call.mark = fmt::format("attempt-{}", ++cluster_.marks_);
    const std::vector<StatRow> rows = task.oracle.Rows(task.fragment_no, call.mark);
    FragmentCommit commit;
    commit.run = task.run;
    commit.fragment_no = task.fragment_no;
    commit.token = task.token;
    commit.coverage = {.expected = rows.size(), .read = rows.size(), .rejected = {}};
    commit.rows = &rows;
    const Result<CommitOutcome> outcome = Send(commit, task);
    if (outcome.has_value()) {
      call.committed = *outcome == CommitOutcome::kCommitted;
      call.already_committed = *outcome == CommitOutcome::kAlreadyCommitted;
      cluster_.history_.Count(call.committed ? "committed" : "already committed");
    } else {
      call.code = outcome.error().code();
      cluster_.Note(outcome.error(), "commit");
    }
    cluster_.history_.AddCommit(std::move(call));
  }

  Result<CommitOutcome> Send(const FragmentCommit& commit, const Task& task) {
    if (cluster_.options_.variant != Variant::kAdapter) {
      return variant_.CommitFragment(commit, task.oracle.period.start_ms);
    }
    if (store_ == nullptr) store_ = cluster_.OpenStore(chance_);
    if (store_ == nullptr) return Unavailable("stopped");
    return store_->CommitFragment(commit);
  }

  Cluster& cluster_;
  Chance chance_;
  VariantWriter variant_;
  std::unique_ptr<MysqlResultStore> store_;
  std::vector<Task> old_;
};

/// Plans, hands over and publishes while it believes to be master; another one takes over whenever
/// it likes, and nobody tells the old one.
class Cluster::Master {
 public:
  Master(Cluster& cluster, uint64_t number)
      : cluster_(cluster),
        chance_(cluster.options_.seed, number),
        node_{fmt::format("master-{}", number)} {}

  void Run() {
    while (!cluster_.stop_.stopped()) {
      if (store_ == nullptr) store_ = cluster_.OpenStore(chance_);
      if (store_ == nullptr) return;
      if (epoch_.value == 0) {
        // Whoever is master is neither asked nor told.
        if (cluster_.stop_.Wait(chance_.Between(100, 4'000))) return;
        const Result<Epoch> epoch = store_->TakeEpoch(node_);
        if (!epoch.has_value()) {
          cluster_.Note(epoch.error(), "take epoch");
          continue;
        }
        epoch_ = *epoch;
        int64_t latest = cluster_.latest_epoch_;
        while (latest < epoch_.value &&
               !cluster_.latest_epoch_.compare_exchange_weak(latest, epoch_.value)) {
        }
        cluster_.history_.Count("epochs");
      }
      Step();
      if (cluster_.stop_.Wait(kIdleMs)) return;
    }
  }

 private:
  void Step() {
    const Result<std::vector<RunRecord>> open = store_->ReadOpenRuns();
    if (!open.has_value()) return cluster_.Note(open.error(), "read open runs");
    if (cluster_.Hiccup(chance_, 20, kPauseMsMax)) return;
    for (const RunRecord& run : *open) {
      if (epoch_.value == 0) return;
      if (std::all_of(run.fragments.begin(), run.fragments.end(),
                      [](const FragmentRecord& f) { return f.state == FragmentState::kDone; })) {
        Publish(run);
      } else {
        Drive(run);
      }
    }
    if (epoch_.value != 0 && open->size() < kOpenRunsMax) PlanNext(*open);
  }

  void Drive(const RunRecord& run) {
    const Oracle oracle = OracleOf(run);
    for (const FragmentRecord& fragment : run.fragments) {
      if (fragment.state == FragmentState::kDone) continue;
      cluster_.board_.Offer({run.id, oracle, fragment.no, fragment.token});
      const bool whim = cluster_.faults_ && chance_.Permille(2);
      if (!whim && !cluster_.board_.Stalled(run.id, fragment.no, kStallMs)) continue;
      const Result<Token> token =
          Fence("hand over", [&] { return store_->HandOver(epoch_, run.id, fragment.no, node_); });
      if (epoch_.value == 0) return;
      if (token.has_value()) cluster_.board_.Offer({run.id, oracle, fragment.no, *token});
    }
  }

  void Publish(const RunRecord& run) {
    EndpointStat sum;
    const Status visited = store_->VisitMethodRows(run.id, [&sum](const StatRow& row) {
      sum.calls += row.stat.calls;
      sum.errors += row.stat.errors;
      sum.duration_sum_us += row.stat.duration_sum_us;
      return Status::Ok();
    });
    if (!visited.ok()) return cluster_.Note(visited, "visit");
    if (cluster_.Hiccup(chance_, 100, kPauseMsMax)) return;
    (void)Fence("publish", [&]() -> Result<bool> {
      TYMBAL_RETURN_IF_ERROR(store_->PublishRun(epoch_, run.id, {{AppRow(sum)}}));
      return true;
    });
  }

  /// The first period that lacks a run gets one.
  void PlanNext(const std::vector<RunRecord>& open) {
    for (int64_t i = 0; i < cluster_.options_.periods; ++i) {
      const Period period = PeriodOf(i);
      if (std::any_of(open.begin(), open.end(),
                      [&](const RunRecord& run) { return run.period == period; })) {
        continue;
      }
      const Result<std::optional<RunRecord>> published = store_->ReadPublishedRun(period.start_ms);
      if (!published.has_value()) return cluster_.Note(published.error(), "read published run");
      const int32_t wanted = i < cluster_.options_.recomputed ? 2 : 1;
      if (published->has_value() && (*published)->attempt >= wanted) continue;
      RunPlan plan;
      plan.period = period;
      const auto fragments = static_cast<uint32_t>(cluster_.options_.fragments);
      for (uint32_t no = 0; no < fragments; ++no) {
        plan.fragments.push_back(
            {{plan.slots * no / fragments, plan.slots * (no + 1) / fragments}, node_});
      }
      (void)Fence("plan", [&] { return store_->PlanRun(epoch_, plan); });
      return;
    }
    if (open.empty()) cluster_.finished_ = true;
  }

  /// Runs a call of a master. Fenced: it isn't one any more. One that succeeds although a newer
  /// epoch had been given out before is a violation of I4.
  template <typename Call>
  auto Fence(std::string_view name, const Call& call) -> decltype(call()) {
    const int64_t latest = cluster_.latest_epoch_;
    auto result = call();
    if (result.has_value()) {
      cluster_.history_.Count(name);
      if (latest > epoch_.value) {
        cluster_.history_.AddViolation(
            Violation::kOldEpoch,
            fmt::format("epoch {} could {} when {} was known", epoch_.value, name, latest));
      }
    } else {
      cluster_.Note(result.error(), name);
      if (result.error().code() == StatusCode::kFenced) epoch_ = Epoch{0};
    }
    return result;
  }

  Oracle OracleOf(const RunRecord& run) const {
    return {.period = run.period, .attempt = run.attempt, .fragments = cluster_.options_.fragments};
  }

  Cluster& cluster_;
  Chance chance_;
  NodeId node_;
  std::unique_ptr<MysqlResultStore> store_;
  Epoch epoch_;  // 0: not master, as far as it knows.
};

Cluster::Cluster(const ClusterOptions& options, History& history)
    : options_(options), history_(history) {}

Cluster::~Cluster() { Stop(); }

void Cluster::Start() {
  uint64_t number = 1'000'000;  // Far from the proxy's streams.
  for (int32_t i = 0; i < options_.writers; ++i) {
    threads_.emplace_back([this, n = ++number] { Writer(*this, n).Run(); });
  }
  for (int32_t i = 0; i < options_.masters; ++i) {
    threads_.emplace_back([this, n = ++number] { Master(*this, n).Run(); });
  }
  threads_.emplace_back([this] { KillConnections(); });
  if (!options_.disturb.empty()) threads_.emplace_back([this] { Disturb(); });
  threads_.emplace_back([this] { WatchReports(); });
}

bool Cluster::Await(int64_t ms) {
  const int64_t deadline_ms = SteadyMs() + ms;
  while (!finished_ && SteadyMs() < deadline_ms) (void)stop_.Wait(kIdleMs);
  return finished_;
}

void Cluster::Stop() {
  stop_.Stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::unique_ptr<MysqlResultStore> Cluster::OpenStore(Chance& chance) {
  MysqlStoreOptions options;
  options.target = options_.proxied;
  options.limits = ShortLimits();
  options.runtime = {.now_ms = WallMs,
                     .steady_ms = SteadyMs,
                     .pause = [this](int64_t ms) { (void)stop_.Wait(ms); },
                     .random = [&chance] { return chance.Next(); }};
  while (!stop_.Wait(kIdleMs)) {
    Result<std::unique_ptr<MysqlResultStore>> store = MysqlResultStore::Open(options);
    if (store.has_value()) return std::move(*store);
    Note(store.error(), "open");
  }
  return nullptr;
}

bool Cluster::Hiccup(Chance& chance, int64_t permille, int64_t ms_max) {
  if (!faults_ || !chance.Permille(permille)) return stop_.stopped();
  history_.Count("pauses");
  return stop_.Wait(chance.Between(100, ms_max));
}

void Cluster::Note(const Status& status, std::string_view call) {
  if (stop_.stopped()) return;  // Its waits end early, so it may say anything.
  switch (status.code()) {
    case StatusCode::kFenced:
      return history_.Count("fenced");
    case StatusCode::kUnavailable:
      return history_.Count("unavailable");
    case StatusCode::kAmbiguous:
      return history_.Count("ambiguous");
    case StatusCode::kConflict:  // Another master was faster.
      return history_.Count("conflicts");
    default:
      history_.AddViolation(Violation::kUnexpectedError,
                            fmt::format("{}: {}", call, status.message()));
  }
}

void Cluster::KillConnections() {
  Chance chance(options_.seed, 2'000'000);
  std::unique_ptr<RawSql> sql;
  while (!stop_.Wait(chance.Between(50, 400))) {
    if (!faults_) continue;
    try {
      if (sql == nullptr) sql = std::make_unique<RawSql>(options_.direct);
      // The threads of this process that look from outside don't use the proxy; they survive it.
      const auto found =
          sql->Query(fmt::format("SELECT id FROM information_schema.processlist WHERE db = '{}'"
                                 " AND id <> CONNECTION_ID() AND command <> 'Daemon' ORDER BY id",
                                 options_.direct.database));
      if (found.empty()) continue;
      const auto victim =
          static_cast<size_t>(chance.Between(0, static_cast<int64_t>(found.size()) - 1));
      sql->Execute("KILL CONNECTION " + found[victim][0]);
      history_.Count("killed");
    } catch (const sql::SQLException&) {  // It was gone already, or the server is.
      sql.reset();
    }
  }
}

void Cluster::Disturb() {
  Chance chance(options_.seed, 3'000'000);
  while (!stop_.Wait(chance.Between(5'000, 15'000))) {
    if (!faults_) continue;
    if (std::system(options_.disturb.c_str()) != 0) {
      history_.AddViolation(Violation::kUnexpectedError, "the command of --disturb failed");
    }
    history_.Count("disturbances");
  }
}

void Cluster::WatchReports() {
  std::unique_ptr<RawSql> sql;
  while (!stop_.Wait(300)) {
    try {
      if (sql == nullptr) sql = std::make_unique<RawSql>(options_.direct);
      CheckShown(*sql, options_.fragments, &history_);
      history_.Count("looks at reports");
    } catch (const sql::SQLException&) {  // Killed.
      sql.reset();
    }
  }
}

}  // namespace tymbal::chaos
