#include "simulation/sim_cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "common/znode_records.h"
#include "simulation/sim_slot_weights.h"

namespace tymbal::testing {
namespace {

constexpr int64_t kBeginMs = 1'795'341'600'000;
constexpr int64_t kPeriodMs = 10'000;
constexpr int64_t kDelayMs = 500;
constexpr int64_t kFaultsMs = 40'000;
constexpr int64_t kCalmMs = 80'000;
constexpr int64_t kSessionMs = 4'000;
constexpr const char* kRoot = "/sim";

/// Which faults a history has, and how often: drawn from its seed, so that some histories are full
/// of one kind and others of another.
struct Swarm {
  int nodes = 3;
  int64_t fault_every_ms = 700;
  int cut = 0;
  int freeze = 0;
  int crash = 0;
  int lose = 0;
  int store_down = 0;
  int remove = 0;
  int pause = 0;
  int64_t skew_ms = 0;
  double slow_message = 0;
};

Swarm Draw(World* world) {
  Swarm swarm;
  swarm.nodes = static_cast<int>(world->Between(2, 7));
  swarm.fault_every_ms = world->Between(200, 2'000);
  for (int* weight : {&swarm.cut, &swarm.freeze, &swarm.crash, &swarm.lose, &swarm.store_down,
                      &swarm.remove, &swarm.pause}) {
    *weight = world->Chance(0.6) ? static_cast<int>(world->Between(1, 5)) : 0;
  }
  swarm.skew_ms = world->Chance(0.5) ? world->Between(0, 1'000) : 0;
  swarm.slow_message = world->Chance(0.5) ? 0.01 : 0;
  return swarm;
}

class SimLog : public Log {
 public:
  SimLog(World* world, std::string name, Checkers* checkers)
      : world_(world), name_(std::move(name)), checkers_(checkers) {}

 protected:
  void Write(LogLevel level, std::string line) override {
    world_->Trace(name_, line);
    // A period that the simulated source fails is a person's to look at; nothing else is.
    if (level == LogLevel::kError && !line.starts_with("period failed")) {
      checkers_->OnErrorLine(name_ + ": " + line);
    }
  }

 private:
  World* const world_;
  const std::string name_;
  Checkers* const checkers_;
};

class SimCluster {
 public:
  SimCluster(uint64_t seed, bool verbose)
      : world_(seed),
        spans_(seed, kPeriodMs),
        checkers_(&results_, &spans_, kPeriodMs, kDelayMs),
        clock_(&world_, "zookeeper", 0),
        store_(&world_, &results_, &store_faults_, &checkers_) {
    world_.set_verbose(verbose);
    world_.At(kBeginMs, [] {});
    world_.RunUntil(kBeginMs);
    swarm_ = Draw(&world_);
    server_ = std::make_unique<MemoryZookeeper>(
        &clock_, MemoryZookeeper::Options{.session_timeout_ms = kSessionMs,
                                          .tick_ms = 500,
                                          .latency_ms = [this] { return MessageMs(); }});
    server_->OnWrite([this](const std::string& path) { LookAtBoard(path); });
    store_faults_.lose_request = world_.Chance(0.5) ? 0.02 : 0;
    store_faults_.lose_reply = world_.Chance(0.5) ? 0.02 : 0;
    store_faults_.slow = world_.Chance(0.4) ? 0.03 : 0;
    source_faults_.error = world_.Chance(0.3) ? 0.05 : 0;
    source_faults_.weights_error = world_.Chance(0.5) ? 0.3 : 0;
    source_faults_.weights_late = world_.Chance(0.5) ? 0.3 : 0;
    source_faults_.stuck = world_.Chance(0.3) ? 0.05 : 0;
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
      checkers_.CheckStore(world_.now_ms());
      CheckRoles();
    }
    Heal();
    const int64_t end_ms = end_faults_ms + kCalmMs;
    for (int64_t now_ms = end_faults_ms; now_ms < end_ms && Fine(); now_ms += 1'000) {
      world_.RunUntil(now_ms + 1'000);
      checkers_.CheckStore(world_.now_ms());
    }
    if (Fine()) CheckLiveness();
    SimOutcome outcome;
    outcome.broken = checkers_.broken();
    outcome.options = Options();
    outcome.trace.assign(world_.trace().begin(), world_.trace().end());
    outcome.trace_hash = world_.trace_hash();
    outcome.events = world_.events();
    return outcome;
  }

 private:
  /// A process with all that is in it.
  struct Running {
    std::unique_ptr<Process> process;
    std::unique_ptr<SimLog> log;
    std::unique_ptr<ZookeeperCoordinator> coordinator;
    std::unique_ptr<SimStore> store;
    std::unique_ptr<SimExecutor> executor;
    std::unique_ptr<SimSlotWeights> weights;
    std::unique_ptr<node::Node> node;
  };

  bool Fine() const { return checkers_.broken().empty(); }

  int64_t MessageMs() {
    return world_.Chance(healed_ ? 0 : swarm_.slow_message) ? world_.Between(100, 6'000)
                                                            : world_.Between(1, 8);
  }

  void Boot(const std::string& name) {
    Running& running = nodes_[name];
    if (running.process != nullptr) graveyard_.push_back(std::move(running));
    running = {};
    const int64_t skew_ms =
        swarm_.skew_ms == 0 ? 0 : world_.Between(-swarm_.skew_ms, swarm_.skew_ms);
    running.process = std::make_unique<Process>(&world_, name, skew_ms);
    running.log = std::make_unique<SimLog>(&world_, name, &checkers_);
    Process* const process = running.process.get();
    running.coordinator = std::make_unique<ZookeeperCoordinator>(
        ZookeeperCoordinatorOptions{.root = kRoot}, server_->Factory(name, process), process);
    running.store = std::make_unique<SimStore>(process, &store_, &store_faults_);
    running.executor =
        std::make_unique<SimExecutor>(process, &store_, &spans_, &store_faults_, &source_faults_);
    running.weights = std::make_unique<SimSlotWeights>(process, &source_faults_);
    node::NodeOptions options{.self = {},
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
                                         .watch = {.stall_timeout_ms = 6'000, .attempts_max = 5},
                                         .first_ms = kBeginMs - kPeriodMs,
                                         .settle_ms = 500,
                                         .reconcile_ms = 2'000,
                                         .retry_max_ms = 2'000,
                                         .weigh_ms = kWeighMs},
                              .assignment = {.self = {}, .reconcile_ms = 2'000}};
    options.self.node = {name};
    options.self.incarnation = fmt::format("{}-{}", name, ++incarnations_);
    options.self.host = "sim";
    options.self.version = "sim";
    options.beat_ms = 1'000;
    options.join_patience_ms = 60'000;
    options.seed = static_cast<uint64_t>(incarnations_);
    running.node = std::make_unique<node::Node>(
        options, process, running.coordinator.get(), running.store.get(), running.executor.get(),
        running.weights.get(), running.log.get(), [this, name](const Status& reason) {
          checkers_.Fail(name + " has given up: " + reason.message());
        });
    world_.Trace(name, "boots");
    process->Post([node = running.node.get()] { node->Start(); });
  }

  void LookAtBoard(const std::string& path) {
    if (path != std::string(kRoot) + "/job" && path != std::string(kRoot) + "/epoch") return;
    const auto epoch = DecodeEpoch(server_->Read(std::string(kRoot) + "/epoch").value_or("0"));
    Epoch task_epoch;
    if (path.ends_with("/job")) task_epoch = DecodeTask(*server_->Read(path))->epoch;
    if (epoch) checkers_.OnBoard(*epoch, task_epoch);
  }

  std::string Any() { return names_[static_cast<size_t>(world_.Below(swarm_.nodes))]; }

  /// Mostly the master: that is where it hurts.
  std::string Victim() {
    for (const auto& [name, running] : nodes_) {
      if (running.process->alive() && running.node->leading() && world_.Chance(0.5)) return name;
    }
    return Any();
  }

  void Fault(int64_t end_ms) {
    if (world_.now_ms() >= end_ms) return;
    const std::vector<std::pair<int, void (SimCluster::*)()>> kinds = {
        {swarm_.cut, &SimCluster::Cut},
        {swarm_.freeze, &SimCluster::Freeze},
        {swarm_.crash, &SimCluster::Crash},
        {swarm_.lose, &SimCluster::Lose},
        {swarm_.store_down, &SimCluster::StoreDown},
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

  void Cut() {
    const std::string name = Victim();
    const bool silent = world_.Chance(0.7);
    const int64_t ms = world_.Between(200, 12'000);
    if (!nodes_[name].process->frozen()) alone_since_.try_emplace(name, world_.now_ms());
    world_.Trace(name, fmt::format("is cut off for {} ms{}", ms, silent ? ", silently" : ""));
    server_->Cut(name, silent);
    world_.At(world_.now_ms() + ms, [this, name] {
      world_.Trace(name, "is connected again");
      alone_since_.erase(name);
      server_->Heal(name);
    });
  }

  void Freeze() {
    const std::string name = Victim();
    Process* const process = nodes_[name].process.get();
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
    Process* const process = nodes_[name].process.get();
    if (!process->alive()) return;
    process->Kill();
    alone_since_.erase(name);
    if (swarm_.nodes > 2 && gone_.empty() && world_.Chance(0.1)) {
      world_.Trace(name, "crashes for ever");
      gone_ = name;
      return;
    }
    world_.Trace(name, "crashes");
    world_.At(world_.now_ms() + world_.Between(100, 6'000), [this, process, name] {
      if (nodes_[name].process.get() == process) Boot(name);
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

  void Remove() {
    const std::vector<std::string> paths = {"/master", "/job", "/instances/" + Any(), "/control"};
    const std::string path = paths[static_cast<size_t>(world_.Below(4))];
    world_.Trace("operator", "removes " + path);
    server_->Remove(kRoot + path);
  }

  void Pause() {
    const bool paused = world_.Chance(0.5);
    world_.Trace("operator", paused ? "pauses" : "resumes");
    if (server_->Read(kRoot))
      server_->Write(std::string(kRoot) + "/control", EncodeControl({paused, "sim", 0}));
  }

  void Heal() {
    healed_ = true;
    store_faults_ = {};
    source_faults_ = {};
    alone_since_.clear();
    for (const std::string& name : names_) {
      server_->Heal(name);
      Process* const process = nodes_[name].process.get();
      if (name == gone_) continue;
      if (!process->alive()) {
        Boot(name);
      } else if (process->frozen()) {
        process->Thaw();
      }
    }
    server_->Write(std::string(kRoot) + "/control", EncodeControl({}));
    world_.Trace("world", "is healed");
  }

  /// Who hears nothing of the others gives its role up by its own clock: noticing takes 2/3 of the
  /// session's time-out, giving it up the whole.
  void CheckRoles() {
    constexpr int64_t kAloneMaxMs = 2 * kSessionMs;
    for (const auto& [name, since_ms] : alone_since_) {
      const Running& running = nodes_.at(name);
      if (!running.process->alive() || running.process->frozen()) continue;
      if (world_.now_ms() - since_ms > kAloneMaxMs && running.node->leading()) {
        checkers_.Fail(fmt::format("{} leads, though it has been cut off for {} ms", name,
                                   world_.now_ms() - since_ms));
      }
    }
  }

  /// I7: what was due a while ago is published, each node is there, one of them is master.
  void CheckLiveness() {
    checkers_.CheckAllPublished(world_.now_ms() - 15'000);
    int leading = 0;
    for (const auto& [name, running] : nodes_) {
      if (name == gone_) continue;
      if (running.node->leading()) ++leading;
      if (!server_->Read(kRoot + ("/instances/" + name))) {
        checkers_.Fail("I7: " + name + " is no member");
      }
    }
    if (leading != 1) checkers_.Fail(fmt::format("I7: {} nodes lead", leading));
  }

  std::string Options() const {
    return fmt::format(
        "nodes={} fault_every={}ms cut={} freeze={} crash={} lose={} store_down={} remove={} "
        "pause={} skew={}ms slow_message={} store(lose_request={} lose_reply={} slow={})",
        swarm_.nodes, swarm_.fault_every_ms, swarm_.cut, swarm_.freeze, swarm_.crash, swarm_.lose,
        swarm_.store_down, swarm_.remove, swarm_.pause, swarm_.skew_ms, swarm_.slow_message,
        store_faults_.lose_request, store_faults_.lose_reply, store_faults_.slow);
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
  std::map<std::string, Running> nodes_;
  std::map<std::string, int64_t> alone_since_;  // Cut off, and awake since then.
  std::string gone_;                            // Crashed for ever.
  std::vector<Running> graveyard_;              // What is on its way may still name them.
};

}  // namespace

SimOutcome RunSeed(uint64_t seed, bool verbose) {
  SimCluster cluster(seed, verbose);
  return cluster.Run();
}

}  // namespace tymbal::testing
