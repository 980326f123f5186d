#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <ostream>
#include <string>

#include "cli/run_command.h"
#include "common/config.h"
#include "common/report_source.h"
#include "common/status.h"
#include "worker/scan_executor.h"

namespace tymbal::cli {

/// The command line of `tymbal verify`; nothing = not given.
struct VerifyOptions {
  RunOptions run;  ///< Of these: conf, store, source, hosts, index, profile, kinds.
  std::optional<std::string> period;
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::string> last;
  bool json = false;
};

/// Reads the spans of published periods again and compares every number of every method with what
/// the store holds. Changes nothing. Writes to `out`, errors to `err`. Returns the exit code:
/// kExitConflict when anything differs.
int RunVerify(const VerifyOptions& options, const Environment& environment, std::ostream& out,
              std::ostream& err);

/// Adds the subcommand to `root`. When the command line names it, parsing runs it and sets
/// `*exit_code`, which must outlive `root`. Returns the subcommand, owned by `root`.
CLI::App* AddVerifyCommand(CLI::App& root, int* exit_code);

}  // namespace tymbal::cli
