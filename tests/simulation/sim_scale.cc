#include "simulation/sim_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "common/check.h"
#include "common/znode_records.h"
#include "simulation/sim_node.h"

namespace tymbal::testing {
namespace {

constexpr int64_t kBeginMs = 1'795'341'600'000;
constexpr int64_t kPeriodMs = 120'000;
constexpr int64_t kDelayMs = 5'000;
constexpr int64_t kSessionMs = 10'000;
constexpr int64_t kTickMs = 2'000;
constexpr int64_t kReadMs = 40'000;  // Of a fragment at most; a quarter of it in the mean.
constexpr int64_t kStepMs = 10;
constexpr int64_t kPatienceMs = 300'000;
constexpr int kEndpoints = 2'048;

ScalePhase Between(const ScalePhase& from, const ScalePhase& to) {
  ScalePhase phase = to;
  phase.ms -= from.ms;
  ZkTraffic& traffic = phase.zookeeper;
  traffic.reads -= from.zookeeper.reads;
  traffic.writes -= from.zookeeper.writes;
  traffic.pings -= from.zookeeper.pings;
  traffic.events -= from.zookeeper.events;
  traffic.bytes_in -= from.zookeeper.bytes_in;
  traffic.bytes_out -= from.zookeeper.bytes_out;
  phase.store.calls -= from.store.calls;
  phase.store.statements -= from.store.statements;
  phase.store.ledger_rows -= from.store.ledger_rows;
  for (auto& [call, times] : phase.store.calls_by_name) {
    const auto before = from.store.calls_by_name.find(call);
    if (before != from.store.calls_by_name.end()) times -= before->second;
  }
  return phase;
}

class ScaleCluster {
 public:
  explicit ScaleCluster(const ScaleOptions& options)
      : options_(options),
        world_(1),
        spans_(
            {.seed = 1, .period_ms = kPeriodMs, .endpoints = kEndpoints, .quiet_periods = false}),
        checkers_(&results_, &spans_, kPeriodMs, kDelayMs),
        clock_(&world_, "zookeeper", 0),
        faulty_(&world_, &results_, &store_faults_, &checkers_),
        store_(&faulty_) {
    world_.At(kBeginMs, [] {});
    world_.RunUntil(kBeginMs);
    source_faults_.read_ms = kReadMs;
    server_ = std::make_unique<MemoryZookeeper>(
        &clock_, MemoryZookeeper::Options{.session_timeout_ms = kSessionMs,
                                          .tick_ms = kTickMs,
                                          .latency_ms = [this] { return world_.Between(1, 8); }});
    for (int i = 0; i < options.nodes; ++i) Boot(i);
  }

  ScaleReport Run() {
    ScaleReport report;
    report.nodes = options_.nodes;
    report.start = Measure([this] { return AllThere() && Master() != nullptr; });
    // The first run is the one that meets new endpoints.
    AwaitDue(0);
    Measure([this] { return Published(1); });
    RunFor(5'000);
    const ScalePhase before = Now();
    RunFor(60'000);
    report.idle_minute = Between(before, Now());
    AwaitDue(1);
    const ScalePhase due = Now();
    report.begin = Measure([this] { return Planned(2) && AllRunning(); });
    report.fragments = results_.runs.rbegin()->second.record.fragments.size();
    report.job_bytes = server_->Read(std::string(kSimRoot) + "/job")->size();
    report.member_bytes = server_->Read(std::string(kSimRoot) + "/instances/" + NameOf(0))->size();
    Measure([this] { return Published(2); });
    report.run = Between(due, Now());
    report.worker_killed = KillDuringRun(2, [this] { return AnyWorker(); });
    report.master_killed = KillDuringRun(3, [this] { return Master(); });
    checkers_.CheckStore();
    report.broken = checkers_.broken();
    return report;
  }

 private:
  static std::string NameOf(int number) { return fmt::format("node-{:04}.example.net", number); }

  void Boot(int number) {
    const auto per_node =
        static_cast<uint32_t>((options_.fragments + options_.nodes - 1) / options_.nodes);
    node::NodeOptions options{
        .self = {},
        .master = {.self = {},
                   .incarnation = {},
                   .job = {.slots = kSlotsDefault,
                           .fragments_per_node = per_node,
                           .settings = "sim",
                           .source = "sim"},
                   .schedule = {.grid = *PeriodGrid::Create(kPeriodMs, 0), .delay_ms = kDelayMs},
                   .watch = {},
                   .first_ms = kBeginMs},
        .assignment = {.self = {}}};
    options.self.node = {NameOf(number)};
    options.self.incarnation = fmt::format("{:032x}", number);
    options.self.host = NameOf(number);
    options.self.version = "0.1.0";
    options.self.pid = 12'345;
    options.self.http = NameOf(number) + ":9880";
    options.seed = static_cast<uint64_t>(number) + 1;
    nodes_.push_back(
        std::make_unique<SimNode>(SimShared{&world_, server_.get(), &store_, &spans_,
                                            &store_faults_, &source_faults_, &checkers_},
                                  options, 0));
  }

  ScalePhase Now() const { return {world_.now_ms(), server_->traffic(), store_.cost()}; }
  void RunFor(int64_t ms) { world_.RunUntil(world_.now_ms() + ms); }

  /// Runs until something is so, and returns what happened meanwhile.
  template <typename Condition>
  ScalePhase Measure(const Condition& condition) {
    const ScalePhase from = Now();
    while (!condition() && checkers_.broken().empty()) {
      RunFor(kStepMs);
      if (world_.now_ms() - from.ms > kPatienceMs) checkers_.Fail("I7: a phase does not end");
    }
    return Between(from, Now());
  }

  /// Runs until a period is about to be due; `number` from 0 on.
  void AwaitDue(int number) { world_.RunUntil(kBeginMs + (number + 1) * kPeriodMs + kDelayMs); }

  bool AllThere() const {
    return std::all_of(nodes_.begin(), nodes_.end(), [this](const auto& node) {
      return server_->Read(kSimRoot + ("/instances/" + node->process().name())).has_value();
    });
  }

  SimNode* Master() const {
    for (const auto& node : nodes_) {
      if (node->leading()) return node.get();
    }
    return nullptr;
  }

  SimNode* AnyWorker() const {
    const auto found = std::find_if(nodes_.rbegin(), nodes_.rend(), [](const auto& node) {
      return node->process().alive() && !node->leading() && !node->executor().Running().empty();
    });
    return found == nodes_.rend() ? nullptr : found->get();
  }

  bool Planned(size_t runs) const { return results_.runs.size() == runs; }
  bool Published(size_t runs) const {
    return Planned(runs) && results_.runs.rbegin()->second.record.state == RunState::kPublished;
  }

  /// Whether each fragment of the last run is done, or runs where the ledger says.
  bool AllRunning() const {
    const RunRecord& run = results_.runs.rbegin()->second.record;
    std::map<NodeId, std::set<std::pair<int32_t, Token>>> running;
    for (const auto& node : nodes_) {
      if (!node->process().alive()) continue;
      for (const worker::FragmentWork& work : node->executor().Running()) {
        if (work.run == run.id) running[{node->process().name()}].insert({work.no, work.token});
      }
    }
    return std::all_of(run.fragments.begin(), run.fragments.end(), [&](const auto& fragment) {
      return fragment.state == FragmentState::kDone ||
             running[fragment.node].contains({fragment.no, fragment.token});
    });
  }

  template <typename Choose>
  ScalePhase KillDuringRun(int period, const Choose& choose) {
    AwaitDue(period);
    const auto runs = static_cast<size_t>(period) + 1;
    Measure([&] { return Planned(runs) && AllRunning(); });
    RunFor(2'000);
    SimNode* const victim = choose();
    if (victim == nullptr) {
      checkers_.Fail("I7: nobody is left to be killed");
      return {};
    }
    victim->process().Kill();
    ScalePhase phase = Measure([this] { return AllRunning() && Master() != nullptr; });
    Measure([&] { return Published(runs); });
    return phase;
  }

  const ScaleOptions options_;
  World world_;
  MemoryResults results_;
  SimSpans spans_;
  Checkers checkers_;
  Process clock_;  // The server's.
  StoreFaults store_faults_;
  SourceFaults source_faults_;
  FaultyStore faulty_;
  CountingStore store_;
  std::unique_ptr<MemoryZookeeper> server_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
};

std::string Thousands(uint64_t number) {
  std::string text = fmt::to_string(number);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string Seconds(int64_t ms) { return fmt::format("{:.1f} s", static_cast<double>(ms) / 1e3); }

std::string Bytes(uint64_t bytes) {
  if (bytes < 10'000'000) return Thousands((bytes + 500) / 1'000) + " kB";
  return Thousands((bytes + 500'000) / 1'000'000) + " MB";
}

}  // namespace

ScaleReport RunScale(const ScaleOptions& options) {
  TYMBAL_CHECK(options.nodes > 1 && options.fragments >= options.nodes, "no cluster to measure");
  return ScaleCluster(options).Run();
}

std::string FormatScale(const std::vector<ScaleReport>& reports) {
  std::string text;
  const auto row = [&](std::string_view name, const auto& value) {
    text += fmt::format("| {} |", name);
    for (const ScaleReport& report : reports) text += fmt::format(" {} |", value(report));
    text += '\n';
  };
  const auto phase = [&](std::string_view name, ScalePhase ScaleReport::*part) {
    row(fmt::format("**{}**", name), [&](const auto& r) { return Seconds((r.*part).ms); });
    row("ZooKeeper: reads", [&](const auto& r) { return Thousands((r.*part).zookeeper.reads); });
    row("ZooKeeper: writes", [&](const auto& r) { return Thousands((r.*part).zookeeper.writes); });
    row("ZooKeeper: watches fired",
        [&](const auto& r) { return Thousands((r.*part).zookeeper.events); });
    row("ZooKeeper: bytes in", [&](const auto& r) { return Bytes((r.*part).zookeeper.bytes_in); });
    row("ZooKeeper: bytes out",
        [&](const auto& r) { return Bytes((r.*part).zookeeper.bytes_out); });
    row("SQL: statements", [&](const auto& r) { return Thousands((r.*part).store.statements); });
    row("SQL: ledger rows read",
        [&](const auto& r) { return Thousands((r.*part).store.ledger_rows); });
  };
  row("nodes", [](const auto& r) { return Thousands(static_cast<uint64_t>(r.nodes)); });
  text += "|---|";
  for (size_t i = 0; i < reports.size(); ++i) text += "---:|";
  text += '\n';
  row("fragments of a run", [](const auto& r) { return Thousands(r.fragments); });
  row("bytes of one member", [](const auto& r) { return Thousands(r.member_bytes); });
  row("bytes of /job", [](const auto& r) { return Thousands(r.job_bytes); });
  phase("start of all nodes at once", &ScaleReport::start);
  phase("a minute without work", &ScaleReport::idle_minute);
  phase("a run, from due to its last fragment begun", &ScaleReport::begin);
  phase("a run, from due to published", &ScaleReport::run);
  phase("a worker is killed, to its last fragment begun elsewhere", &ScaleReport::worker_killed);
  phase("the master is killed, to its last fragment begun elsewhere", &ScaleReport::master_killed);
  row("watches fired by one change, at most", [](const auto& r) {
    return Thousands(std::max(r.run.zookeeper.fan_out_max, r.master_killed.zookeeper.fan_out_max));
  });
  return text;
}

}  // namespace tymbal::testing
