#include "simulation/sim_cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "common/znode_records.h"
#include "simulation/sim_node.h"
#include "simulation/sim_slot_weights.h"
#include "simulation/swarm.h"

namespace tymbal::testing {
namespace {

constexpr int64_t kBeginMs = 1'795'341'600'000;
constexpr int64_t kPeriodMs = 10'000;
constexpr int64_t kDelayMs = 500;
constexpr int64_t kFaultsMs = 40'000;
constexpr int64_t kCalmMs = 80'000;
constexpr int64_t kSessionMs = 4'000;
constexpr int64_t kStopMaxMs = 8'000;
constexpr int64_t kJoinPatienceMs = 60'000;
/// In a calm time every call of the coordinator has its reply by then.
constexpr int64_t kReplyMaxMs = 5'000;

class SimCluster {
 public:
  SimCluster(uint64_t seed, bool verbose)
      : world_(seed),
        spans_({.seed = seed, .period_ms = kPeriodMs}),
        checkers_(&results_, &spans_, kPeriodMs, kDelayMs),
        clock_(&world_, "zookeeper", 0),
        store_(&world_, &results_, &store_faults_, &checkers_) {
    world_.set_verbose(verbose);
    world_.At(kBeginMs, [] {});
    world_.RunUntil(kBeginMs);
    swarm_ = DrawSwarm(&world_);
    store_faults_ = swarm_.store;
    source_faults_ = swarm_.source;
    // A master tells how far its clock is ahead by when its own messages arrive.
    const bool late = swarm_.slow_message > 0 || swarm_.cut > 0 || swarm_.outage > 0;
    if (late) checkers_.set_clock_slack_ms(1'500 + kSlowMessageMs);
    server_ = std::make_unique<MemoryZookeeper>(
        &clock_, MemoryZookeeper::Options{.session_timeout_ms = kSessionMs,
                                          .tick_ms = 500,
                                          .latency_ms = [this] { return MessageMs(); }});
    server_->OnWrite([this](const std::string& path) { LookAtBoard(path); });
    for (int i = 0; i < swarm_.nodes; ++i) {
      names_.push_back(fmt::format("n{}", i));
      Boot(names_.back());
    }
  }

  SimOutcome Run() {
    const int64_t end_faults_ms = kBeginMs + kFaultsMs;
    world_.At(kBeginMs + 1'000, [this] { Fault(end_faults_ms); });
    for (int64_t now_ms = kBeginMs; now_ms < end_faults_ms && Fine(); now_ms += 1'000) {
      world_.RunUntil(now_ms + 1'000);
      checkers_.CheckStore();
      CheckRoles();
    }
    Heal();
    const int64_t end_ms = end_faults_ms + kCalmMs;
    for (int64_t now_ms = end_faults_ms; now_ms < end_ms && Fine(); now_ms += 1'000) {
      world_.RunUntil(now_ms + 1'000);
      checkers_.CheckStore();
    }
    if (Fine()) CheckLiveness();
    SimOutcome outcome;
    outcome.broken = checkers_.broken();
    outcome.options = Describe(swarm_);
    outcome.trace.assign(world_.trace().begin(), world_.trace().end());
    outcome.trace_hash = world_.trace_hash();
    outcome.events = world_.events();
    return outcome;
  }

 private:
  bool Fine() const { return checkers_.broken().empty(); }

  int64_t MessageMs() {
    return world_.Chance(healed_ ? 0 : swarm_.slow_message) ? world_.Between(100, kSlowMessageMs)
                                                            : world_.Between(1, 8);
  }

  node::NodeOptions OptionsOf(const std::string& name, int incarnation) const {
    node::NodeOptions options{
        .self = {},
        .master = {.self = {},
                   .incarnation = {},
                   .job = {.slots = kSlotsDefault,
                           .fragments_per_node = 2,
                           .settings = "sim",
                           .source = "sim",
                           .weigh_slots = true},
                   .schedule = {.grid = *PeriodGrid::Create(kPeriodMs, 0),
                                .delay_ms = kDelayMs,
                                .retry_ms = 2'000,
                                .retry_max_ms = 5'000},
                   .watch = {.stall_timeout_ms = 6'000, .attempts_max = swarm_.attempts_max},
                   .first_ms = kBeginMs - kPeriodMs,
                   .settle_ms = 500,
                   .reconcile_ms = 2'000,
                   .retry_max_ms = 2'000,
                   .weigh_ms = kWeighMs},
        .assignment = {.self = {}, .reconcile_ms = 2'000}};
    options.self.node = {name};
    options.self.incarnation = fmt::format("{}-{}", name, incarnation);
    options.self.host = "sim";
    options.self.version = "sim";
    options.beat_ms = 1'000;
    options.quiet_beat_ms = 10'000;
    options.join_patience_ms = kJoinPatienceMs;
    options.seed = static_cast<uint64_t>(incarnation);
    return options;
  }

  void Boot(const std::string& name) {
    std::unique_ptr<SimNode>& node = nodes_[name];
    if (node != nullptr) graveyard_.push_back(std::move(node));
    const int64_t skew_ms =
        swarm_.skew_ms == 0 ? 0 : world_.Between(-swarm_.skew_ms, swarm_.skew_ms);
    world_.Trace(name, "boots");
    node = std::make_unique<SimNode>(SimShared{&world_, server_.get(), &store_, &spans_,
                                               &store_faults_, &source_faults_, &checkers_},
                                     OptionsOf(name, ++incarnations_), skew_ms);
  }

  void LookAtBoard(const std::string& path) {
    if (path != std::string(kSimRoot) + "/job" && path != std::string(kSimRoot) + "/epoch") return;
    const auto epoch = DecodeEpoch(server_->Read(std::string(kSimRoot) + "/epoch").value_or("0"));
    Epoch task_epoch;
    if (path.ends_with("/job")) task_epoch = DecodeTask(*server_->Read(path))->epoch;
    if (epoch) checkers_.OnBoard(*epoch, task_epoch);
  }

  std::string Any() { return names_[static_cast<size_t>(world_.Below(swarm_.nodes))]; }

  /// Mostly the master: that is where it hurts.
  std::string Victim() {
    for (const auto& [name, node] : nodes_) {
      if (node->leading() && world_.Chance(0.5)) return name;
    }
    return Any();
  }

  void Fault(int64_t end_ms) {
    if (world_.now_ms() >= end_ms) return;
    const std::vector<std::pair<int, void (SimCluster::*)()>> kinds = {
        {swarm_.cut, &SimCluster::Cut},
        {swarm_.outage, &SimCluster::Outage},
        {swarm_.expire, &SimCluster::ExpireSession},
        {swarm_.freeze, &SimCluster::Freeze},
        {swarm_.crash, &SimCluster::Crash},
        {swarm_.stop, &SimCluster::StopNode},
        {swarm_.lose, &SimCluster::Lose},
        {swarm_.store_down, &SimCluster::StoreDown},
        {swarm_.source_down, &SimCluster::SourceDown},
        {swarm_.remove, &SimCluster::Remove},
        {swarm_.pause, &SimCluster::Pause}};
    int64_t total = 0;
    for (const auto& kind : kinds) total += kind.first;
    if (total > 0) {
      int64_t pick = world_.Below(total);
      for (const auto& [weight, run] : kinds) {
        if (pick < weight) {
          (this->*run)();
          break;
        }
        pick -= weight;
      }
    }
    world_.At(world_.now_ms() + world_.Between(1, 2 * swarm_.fault_every_ms),
              [this, end_ms] { Fault(end_ms); });
  }

  void Cut() { CutOff(Victim(), world_.Chance(0.7), world_.Between(200, 12'000)); }

  void CutOff(const std::string& name, bool silent, int64_t ms) {
    if (!nodes_[name]->process().frozen()) alone_since_.try_emplace(name, world_.now_ms());
    world_.Trace(name, fmt::format("is cut off for {} ms{}", ms, silent ? ", silently" : ""));
    server_->Cut(name, silent);
    world_.At(world_.now_ms() + ms, [this, name] {
      world_.Trace(name, "is connected again");
      alone_since_.erase(name);
      server_->Heal(name);
    });
  }

  /// All servers are away, or the leader is being elected: sessions go on where it does not last.
  void Outage() {
    const int64_t ms = world_.Between(200, 8'000);
    const bool silent = world_.Chance(0.2);
    for (const std::string& name : names_) CutOff(name, silent, ms);
  }

  void ExpireSession() {
    const std::string name = Victim();
    world_.Trace(name, "loses its session");
    server_->ExpireSessionOf(name);
  }

  void Freeze() {
    const std::string name = Victim();
    Process* const process = &nodes_[name]->process();
    if (!process->alive() || process->frozen()) return;
    const int64_t ms = world_.Between(100, 12'000);
    world_.Trace(name, fmt::format("freezes for {} ms", ms));
    alone_since_.erase(name);
    process->Freeze();
    world_.At(world_.now_ms() + ms, [this, process, name] {
      world_.Trace(name, "thaws");
      process->Thaw();
    });
  }

  void Crash() {
    const std::string name = Victim();
    SimNode* const node = nodes_[name].get();
    if (!node->process().alive()) return;
    node->process().Kill();
    alone_since_.erase(name);
    if (swarm_.nodes > 2 && gone_.empty() && world_.Chance(0.1)) {
      world_.Trace(name, "crashes for ever");
      gone_ = name;
      return;
    }
    world_.Trace(name, "crashes");
    BootLater(name, node, world_.Between(100, 6'000));
  }

  /// SIGTERM: it leaves by itself, and is killed if that takes too long.
  void StopNode() {
    const std::string name = Victim();
    SimNode* const node = nodes_[name].get();
    if (!node->process().alive() || node->process().frozen() || stopping_.contains(node)) return;
    stopping_.insert(node);
    world_.Trace(name, "is told to stop");
    node->process().Post([this, node, name] {
      node->node().Stop([this, node, name] {
        world_.Trace(name, "has stopped");
        if (!node->executor().Running().empty()) {
          checkers_.Fail(name + " has stopped with fragments that run");
        }
        node->process().Kill();
      });
    });
    world_.At(world_.now_ms() + kStopMaxMs, [node] { node->process().Kill(); });
    BootLater(name, node, kStopMaxMs + world_.Between(100, 3'000));
  }

  void BootLater(const std::string& name, const SimNode* dead, int64_t ms) {
    world_.At(world_.now_ms() + ms, [this, name, dead] {
      if (nodes_[name].get() == dead && name != gone_) Boot(name);
    });
  }

  void Lose() {
    const std::string name = Victim();
    const bool reply = world_.Chance(0.6);
    world_.Trace(name, reply ? "will lose a reply" : "will lose a request");
    if (reply) {
      server_->LoseNextReply(name);
    } else {
      server_->LoseNextRequest(name);
    }
  }

  void StoreDown() {
    if (store_faults_.down) return;
    world_.Trace("store", "is down");
    store_faults_.down = true;
    world_.At(world_.now_ms() + world_.Between(100, 5'000), [this] {
      world_.Trace("store", "is up");
      store_faults_.down = false;
    });
  }

  void SourceDown() {
    if (source_faults_.down) return;
    world_.Trace("source", "is away");
    source_faults_.down = true;
    world_.At(world_.now_ms() + world_.Between(1'000, 10'000), [this] {
      world_.Trace("source", "is back");
      source_faults_.down = false;
    });
  }

  void Remove() {
    const std::vector<std::string> paths = {"/master",    "/job",   "/instances/" + Any(),
                                            "/control",   "/epoch", "/progress",
                                            "/instances", ""};
    // Sometimes more than anybody would.
    const size_t known = world_.Chance(0.7) ? 4 : paths.size();
    const std::string path = paths[static_cast<size_t>(world_.Below(static_cast<int64_t>(known)))];
    world_.Trace("operator", "removes " + (kSimRoot + path));
    server_->Remove(kSimRoot + path);
  }

  void Pause() {
    const bool paused = world_.Chance(0.5);
    world_.Trace("operator", paused ? "pauses" : "resumes");
    if (server_->Read(kSimRoot))
      server_->Write(std::string(kSimRoot) + "/control", EncodeControl({paused, "sim", 0}));
  }

  void Heal() {
    healed_ = true;
    store_faults_ = {};
    source_faults_ = {};
    alone_since_.clear();
    for (const std::string& name : names_) {
      server_->Heal(name);
      SimNode* const node = nodes_[name].get();
      if (name == gone_) continue;
      if (!node->process().alive() || stopping_.contains(node)) {
        node->process().Kill();
        Boot(name);
      } else if (node->process().frozen()) {
        node->process().Thaw();
      }
    }
    server_->Write(std::string(kSimRoot) + "/control", EncodeControl({}));
    world_.Trace("world", "is healed");
  }

  /// Who hears nothing of the others gives its role up by its own clock: noticing takes 2/3 of the
  /// session's time-out, giving it up the whole.
  void CheckRoles() {
    constexpr int64_t kAloneMaxMs = 2 * kSessionMs;
    for (const auto& [name, since_ms] : alone_since_) {
      SimNode& node = *nodes_.at(name);
      if (!node.process().alive() || node.process().frozen()) continue;
      if (world_.now_ms() - since_ms > kAloneMaxMs && node.leading()) {
        checkers_.Fail(fmt::format("{} leads, though it has been cut off for {} ms", name,
                                   world_.now_ms() - since_ms));
      }
    }
  }

  /// I7: what was due a while ago is published, each node is there, one of them is master, and
  /// nobody waits for anything.
  void CheckLiveness() {
    checkers_.CheckAllPublished(world_.now_ms() - 15'000);
    int leading = 0;
    for (const auto& [name, node] : nodes_) {
      if (name == gone_) continue;
      if (node->leading()) ++leading;
      if (!server_->Read(kSimRoot + ("/instances/" + name))) {
        checkers_.Fail("I7: " + name + " is no member");
      }
      node->coordinator().CheckPending(kReplyMaxMs);
      for (const worker::FragmentWork& work : node->executor().Running()) {
        const RunRecord& run = results_.runs.at(work.run).record;
        if (run.state == RunState::kOpen) continue;
        checkers_.Fail(fmt::format("I7: {} still works on run {}, which is {}", name,
                                   work.run.value, RunStateName(run.state)));
      }
    }
    if (leading != 1) checkers_.Fail(fmt::format("I7: {} nodes lead", leading));
  }

  World world_;
  Swarm swarm_;
  bool healed_ = false;
  int incarnations_ = 0;
  MemoryResults results_;
  SimSpans spans_;
  Checkers checkers_;
  Process clock_;  // The server's.
  StoreFaults store_faults_;
  SourceFaults source_faults_;
  FaultyStore store_;
  std::unique_ptr<MemoryZookeeper> server_;
  std::vector<std::string> names_;
  std::map<std::string, std::unique_ptr<SimNode>> nodes_;
  std::map<std::string, int64_t> alone_since_;  // Cut off, and awake since then.
  std::string gone_;                            // Crashed for ever.
  std::set<const SimNode*> stopping_;
  std::vector<std::unique_ptr<SimNode>> graveyard_;  // What is on its way may still name them.
};

}  // namespace

SimOutcome RunSeed(uint64_t seed, bool verbose) {
  SimCluster cluster(seed, verbose);
  return cluster.Run();
}

}  // namespace tymbal::testing
