#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "cli/run_command.h"
#include "cli/source_options.h"
#include "cli/span_load.h"
#include "common/config.h"

namespace tymbal::cli {

/// The command line of `tymbal load`.
struct LoadCommandOptions : SourceOptions {
  std::vector<std::string> inputs;
  size_t requests = 2;
  std::string batch_bytes = "4MiB";
};

/// Writes the spans of files to a search server. Returns the exit code.
int RunLoad(const LoadCommandOptions& options, const Environment& environment,
            const RunOutput& output);

/// Adds the subcommand to `root`. When the command line names it, parsing runs it and sets
/// `*exit_code`, which must outlive `root`. Returns the subcommand, owned by `root`.
CLI::App* AddLoadCommand(CLI::App& root, int* exit_code);

}  // namespace tymbal::cli
