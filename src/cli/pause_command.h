#pragma once

#include <CLI/App.hpp>
#include <ostream>
#include <string>

#include "common/config.h"

namespace tymbal::cli {

/// Turns the operator's switch of a cluster. Returns the exit code.
int RunPause(const std::string& conf, bool paused, const std::string& reason,
             const Environment& environment, std::ostream& out, std::ostream& err);

/// Adds `tymbal pause` and `tymbal resume` to `root`; see AddRunCommand.
void AddPauseCommands(CLI::App& root, int* exit_code);

}  // namespace tymbal::cli
