#pragma once

#include <CLI/App.hpp>
#include <chrono>
#include <ostream>
#include <string>

#include "common/config.h"

namespace tymbal::cli {

struct StatusOptions {
  std::string conf;
  bool json = false;
  std::chrono::milliseconds watch{0};  ///< Look again this often; 0: look once.
};

/// Says how a cluster is doing: from ZooKeeper who is there, from the store what is done. Returns
/// the exit code. Watching, it returns when it is told to end or nobody reads any more (see
/// WatchPause); a look that fails is told in its place, and the next one follows.
int RunStatus(const StatusOptions& options, const Environment& environment, std::ostream& out,
              std::ostream& err);

/// Adds `tymbal status` to `root`; see AddRunCommand.
CLI::App* AddStatusCommand(CLI::App& root, int* exit_code);

}  // namespace tymbal::cli
