#include "cli/pause_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <utility>

#include "cli/cluster_client.h"
#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/open_store.h"

namespace tymbal::cli {
namespace {

Status WriteSwitch(const std::string& conf, const Control& control,
                   const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(const Config config, LoadClusterConfig(conf, environment));
  TYMBAL_ASSIGN_OR_RETURN(const auto client, ClusterClient::Connect(config, environment));
  return client->Await<Status>(
      [&](auto done) { client->coordinator().WriteControl(control, std::move(done)); });
}

}  // namespace

int RunPause(const std::string& conf, bool paused, const std::string& reason,
             const Environment& environment, std::ostream& out, std::ostream& err) {
  const Status outcome = WriteSwitch(conf, {paused, reason, WallTimeMs()}, environment);
  if (!outcome.ok()) {
    err << "tymbal " << (paused ? "pause" : "resume") << ": " << PrintableLines(outcome.message())
        << '\n';
    return ExitCodeOf(outcome);
  }
  out << (paused ? "Paused: the run that is on its way is finished, no other one is begun.\n"
                 : "Resumed: periods that were missed are computed now, oldest first.\n");
  return kExitOk;
}

void AddPauseCommands(CLI::App& root, int* exit_code) {
  const auto add = [&](const std::string& name, bool paused, const std::string& help) {
    CLI::App* const command = root.add_subcommand(name, help);
    const auto conf = std::make_shared<std::string>();  // These live as long as the callback.
    const auto reason = std::make_shared<std::string>();
    command->add_option("--conf", *conf, "Configuration file of its nodes")->required();
    if (paused) command->add_option("--reason", *reason, "Why, for whoever looks at the status");
    command->callback([conf, reason, paused, exit_code] {
      *exit_code = RunPause(*conf, paused, *reason, ProcessEnvironment(), std::cout, std::cerr);
    });
  };
  add("pause", true, "Let a cluster finish its run and begin no other");
  add("resume", false, "Let a paused cluster go on");
}

}  // namespace tymbal::cli
