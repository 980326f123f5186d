#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <ostream>
#include <string>

#include "cli/source_options.h"
#include "common/config.h"
#include "search/index_setup.h"

namespace tymbal::cli {

/// The command line of `tymbal index`.
struct IndexOptions : SourceOptions {
  std::string action;                 ///< install, uninstall or check.
  search::IndexSetupOptions setup;    ///< install, uninstall; its index comes from `index`.
  bool dry_run = false;               ///< install, uninstall.
  bool no_pipeline = false;           ///< install.
  std::optional<std::string> from;    ///< check; nothing: the last period that is due.
  std::optional<std::string> period;  ///< check.
  bool json = false;                  ///< check.
};

/// Looks after the indices of a search server: what was found or done goes to `out`, errors to
/// `err`. Returns the exit code.
int RunIndex(const IndexOptions& options, const Environment& environment, std::ostream& out,
             std::ostream& err);

/// Adds the subcommand to `root`. When the command line names it, parsing runs it and sets
/// `*exit_code`, which must outlive `root`. Returns the subcommand, owned by `root`.
CLI::App* AddIndexCommand(CLI::App& root, int* exit_code);

}  // namespace tymbal::cli
