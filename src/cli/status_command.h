#pragma once

#include <CLI/App.hpp>
#include <ostream>
#include <string>

#include "common/config.h"

namespace tymbal::cli {

/// Says how a cluster is doing: from ZooKeeper who is there, from the store what is done. Returns
/// the exit code.
int RunStatus(const std::string& conf, bool json, const Environment& environment, std::ostream& out,
              std::ostream& err);

/// Turns the operator's switch. Returns the exit code.
int RunPause(const std::string& conf, bool paused, const std::string& reason,
             const Environment& environment, std::ostream& out, std::ostream& err);

/// Add the subcommands to `root`; see AddRunCommand.
CLI::App* AddStatusCommand(CLI::App& root, int* exit_code);
void AddPauseCommands(CLI::App& root, int* exit_code);

}  // namespace tymbal::cli
