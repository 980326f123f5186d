#include "cli/status_command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstddef>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>

#include "cli/cluster_client.h"
#include "cli/cluster_status.h"
#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/frame_writer.h"
#include "cli/status_json.h"
#include "cli/status_text.h"
#include "cli/watch_pause.h"

namespace tymbal::cli {
namespace {

constexpr const char* kWatchDefaultSeconds = "2";
constexpr double kWatchMinSeconds = 0.1;
constexpr double kWatchMaxSeconds = 3600;
constexpr size_t kRowsUnknown = 24;

size_t TerminalRows() {
  winsize size = {};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
  return known ? size.ws_row : kRowsUnknown;
}

void Write(const ClusterStatus& status, bool json, std::ostream& out) {
  if (json) return WriteStatusJson(status, out);
  WriteStatusText(status, out);
}

void WriteError(const Status& status, std::ostream& err) {
  err << "tymbal status: " << PrintableLines(status.message()) << '\n';
}

int Watch(const StatusOptions& options, ClusterWatcher* watcher, std::ostream& out,
          std::ostream& err) {
  const WatchPause pause;
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  FrameWriter frames(terminal ? std::function<size_t()>(TerminalRows) : nullptr, out);
  while (true) {
    const Result<ClusterStatus> status = watcher->Look();
    std::ostringstream frame;
    if (status) {
      Write(*status, options.json, frame);
    } else if (status.error().code() == StatusCode::kInvalidArgument) {
      WriteError(status.error(), err);
      return ExitCodeOf(status.error());
    } else {
      // On a terminal it takes the place of what isn't true any more.
      WriteError(status.error(), terminal ? frame : err);
    }
    if (!frame.view().empty() && !frames.Write(frame.view())) return kExitOk;
    if (!pause.Wait(options.watch)) return kExitOk;
  }
}

}  // namespace

int RunStatus(const StatusOptions& options, const Environment& environment, std::ostream& out,
              std::ostream& err) {
  const Result<Config> config = LoadClusterConfig(options.conf, environment);
  if (!config) {
    WriteError(config.error(), err);
    return ExitCodeOf(config.error());
  }
  ClusterWatcher watcher(*config, environment);
  if (options.watch.count() > 0) return Watch(options, &watcher, out, err);
  const Result<ClusterStatus> status = watcher.Look();
  if (!status) {
    WriteError(status.error(), err);
    return ExitCodeOf(status.error());
  }
  Write(*status, options.json, out);
  return kExitOk;
}

CLI::App* AddStatusCommand(CLI::App& root, int* exit_code) {
  CLI::App* const command = root.add_subcommand("status", "Say how a cluster is doing");
  const auto options = std::make_shared<StatusOptions>();  // These live as long as the callback.
  const auto seconds = std::make_shared<double>(0);
  command->add_option("--conf", options->conf, "Configuration file of its nodes")->required();
  command->add_flag("--json", options->json, "Write JSON");
  command->add_option("--watch", *seconds, "Look again every SECONDS, until Ctrl-C")
      ->expected(0, 1)
      ->type_name("[SECONDS=2]")
      ->default_str(kWatchDefaultSeconds)
      ->check(CLI::Range(kWatchMinSeconds, kWatchMaxSeconds));
  command->callback([options, seconds, exit_code] {
    options->watch = std::chrono::milliseconds(static_cast<int64_t>(*seconds * 1000));
    *exit_code = RunStatus(*options, ProcessEnvironment(), std::cout, std::cerr);
  });
  return command;
}

}  // namespace tymbal::cli
