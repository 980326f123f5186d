#pragma once

#include <CLI/App.hpp>
#include <string>

#include "common/config.h"

namespace tymbal::cli {

/// Runs a node of a cluster until SIGTERM or SIGINT, then hands its work back. Returns the exit
/// code: 0 after a signal.
int RunNode(const std::string& conf, const Environment& environment);

/// Adds the subcommand to `root`; see AddRunCommand.
CLI::App* AddNodeCommand(CLI::App& root, int* exit_code);

}  // namespace tymbal::cli
