#include "cli/node_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "cli/cluster_client.h"
#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/open_store.h"
#include "cli/run_settings.h"
#include "cli/search_opener.h"
#include "cli/span_source_opener.h"
#include "common/event_loop.h"
#include "common/file_text.h"
#include "common/period.h"
#include "common/store_thread.h"
#include "common/time_text.h"
#include "node/node.h"
#include "node/slot_weights_thread.h"
#include "worker/scan_executor.h"

namespace tymbal::cli {
namespace {

/// A node that was told to stop is gone after this long, whatever it was doing.
constexpr std::chrono::seconds kStopMax{8};

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

/// Returns what tells this machine from others: the number of its kernel's start.
std::string BootId() {
  const Result<std::string> id = ReadTextFile("/proc/sys/kernel/random/boot_id");
  return id ? id->substr(0, id->find('\n')) : "";
}

LogLevel LevelOf(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warn") return LogLevel::kWarn;
  return name == "error" ? LogLevel::kError : LogLevel::kInfo;
}

Member SelfOf(const Config& config) {
  Member self;
  self.node = {config.node_id.empty() ? HostName() : config.node_id};
  self.incarnation = RandomId();
  self.host = config.node_advertise.empty() ? HostName() : config.node_advertise;
  self.machine = BootId();
  self.version = TYMBAL_VERSION;
  self.pid = getpid();
  return self;
}

Result<node::NodeOptions> OptionsOf(const Config& config, const RunSettings& settings) {
  node::NodeOptions options{.self = SelfOf(config),
                            .master = {.self = {},
                                       .incarnation = {},
                                       .job = {},
                                       .schedule = {.grid = settings.aggregator.grid},
                                       .watch = {},
                                       .first_ms = {}},
                            .assignment = {.self = {}}};
  options.self.parallelism = static_cast<uint32_t>(settings.threads);
  master::MasterOptions& master = options.master;
  master.job.fragments_per_node = static_cast<uint32_t>(config.worker_fragments);
  master.job.settings = settings.Describe(/*inexact=*/false);
  master.job.source = config.source_type == "file" ? config.source_file_path
                                                   : SearchIndexOf(config, settings.profile);
  master.job.weigh_slots = config.source_type != "file";
  master.schedule.delay_ms = config.schedule_delay_ms;
  master.schedule.retry_ms = config.schedule_retry_failed_ms;
  master.watch.stall_timeout_ms = config.worker_stall_timeout_ms;
  master.watch.attempts_max = static_cast<int32_t>(config.worker_attempts);
  if (!config.schedule_first.empty()) {
    TYMBAL_ASSIGN_OR_RETURN(const int64_t first_ms, ParseTimeMs(config.schedule_first));
    master.first_ms = settings.aggregator.grid.StartOf(first_ms);
  }
  options.beat_ms = std::min<int64_t>(5'000, config.worker_stall_timeout_ms / 4);
  options.join_patience_ms = 3 * config.coordinator_session_timeout_ms;
  options.seed = static_cast<uint64_t>(WallTimeMs()) ^ (static_cast<uint64_t>(getpid()) << 32);
  return options;
}

/// Takes SIGTERM and SIGINT away from all threads and gives them to the loop.
class Signals {
 public:
  Signals(EventLoop* loop, std::function<void()> on_signal) {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    // It ends with the process: there is nothing to give back.
    std::thread([set = set_, loop, on_signal = std::move(on_signal)] {
      int signal = 0;
      while (sigwait(&set, &signal) == 0) loop->Post(on_signal);
    }).detach();
  }

 private:
  sigset_t set_{};
};

Status Serve(const Config& config, const RunSettings& settings, const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(const ZookeeperSettings zookeeper,
                          ZookeeperSettingsOf(config, environment));
  TYMBAL_ASSIGN_OR_RETURN(const node::NodeOptions options, OptionsOf(config, settings));
  TYMBAL_ASSIGN_OR_RETURN(const SpanPlace source, FindSpans(settings, environment));
  const StoreOpener open_store = [store = settings.store] {
    return OpenResultStore(store, /*create=*/true);
  };
  {
    // Whoever mistyped it hears of it now.
    TYMBAL_ASSIGN_OR_RETURN(const auto store, open_store());
  }
  static EventLoop loop;  // The thread of the signals may outlive this function.
  StderrLog log(LevelOf(config.log_level));
  std::optional<Status> ended;
  std::function<void()> stop;
  const Signals signals(&loop, [&stop] { stop(); });

  ZookeeperCoordinator coordinator(zookeeper.coordinator,
                                   MakeZookeeperFactory(zookeeper.session, &loop, &log), &loop);
  StoreThread store(open_store, &loop);
  worker::ScanExecutor executor(
      {.aggregator = settings.aggregator, .threads = settings.threads, .on_nodes = source.on_nodes},
      source.open, open_store, &loop);
  std::unique_ptr<node::SlotWeightsThread> weights;
  if (source.count_slots) {
    weights = std::make_unique<node::SlotWeightsThread>(source.count_slots, &loop);
  } else {
    log.Info("files don't tell how their spans are spread: cutting fragments of equal width");
  }
  Status fatal;
  node::Node node(options, &loop, &coordinator, &store, &executor, weights.get(), &log,
                  [&](const Status& reason) {
                    log.Error("a person must act", {{"reason", reason.message()}});
                    fatal = reason;
                    stop();
                  });
  bool stopping = false;
  stop = [&] {
    if (std::exchange(stopping, true)) return;
    // First, for it counts from now on: to say goodbye to a ZooKeeper that hangs takes a while.
    loop.After(kStopMax, [&] {
      if (ended) return;
      // As if it were killed, which is safe: what it was writing counts as a whole or not at all.
      log.Warn("still busy; leaving all the same");
      std::_Exit(fatal.ok() ? kExitOk : ExitCodeOf(fatal));
    });
    node.Stop([&] { ended = fatal; });
  };
  log.Info("node starts", {{"node", options.self.node.value},
                           {"host", options.self.host},
                           {"version", options.self.version},
                           {"coordinator", config.coordinator_servers},
                           {"root", config.coordinator_root}});
  if (!settings.profile_reason.empty()) {
    log.Info("profile chosen",
             {{"profile", settings.profile.name}, {"reason", settings.profile_reason}});
  }
  node.Start();
  loop.RunUntil([&] { return ended.has_value(); });
  log.Info("node has stopped");
  return *ended;
}

}  // namespace

int RunNode(const std::string& conf, const Environment& environment) {
  const auto run = [&]() -> Status {
    TYMBAL_ASSIGN_OR_RETURN(const Config config, LoadClusterConfig(conf, environment));
    RunOptions options;
    options.conf = conf;
    TYMBAL_ASSIGN_OR_RETURN(const RunSettings settings, ReadRunSettings(options, environment));
    return Serve(config, settings, environment);
  };
  const Status status = run();
  if (status.ok()) return kExitOk;
  std::cerr << "tymbal node: " << PrintableLines(status.message()) << '\n';
  return ExitCodeOf(status);
}

CLI::App* AddNodeCommand(CLI::App& root, int* exit_code) {
  CLI::App* const command =
      root.add_subcommand("node", "Run a node of a cluster, until SIGTERM or SIGINT");
  const auto conf = std::make_shared<std::string>();  // Lives as long as the callback.
  command->add_option("--conf", *conf, "Configuration file (conf/tymbal.yaml)")->required();
  command->callback([conf, exit_code] { *exit_code = RunNode(*conf, ProcessEnvironment()); });
  return command;
}

}  // namespace tymbal::cli
