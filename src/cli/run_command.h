#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "cli/source_options.h"
#include "common/config.h"

namespace tymbal::cli {

/// The command line of `tymbal run`, as it was written; nothing = as the configuration says.
struct RunOptions : SourceOptions {
  std::vector<std::string> inputs;
  std::optional<std::string> store;
  std::optional<std::string> period;
  std::optional<std::string> period_offset;
  std::optional<std::string> kinds;
  std::optional<std::string> apdex;
  std::optional<size_t> slow_calls;
  std::optional<size_t> threads;
  std::optional<std::string> memory_limit;
  std::optional<std::string> source;  ///< file or elasticsearch.
  std::optional<std::string> from;  ///< Search servers only; nothing: the last period that is due.
  std::optional<std::string> to;
  bool explain = false;  ///< Only say what would be read.
  bool strict = false;
  bool replace = false;
  bool json = false;
};

/// Where `tymbal run` writes to.
struct RunOutput {
  std::ostream* out;  ///< The summary.
  std::ostream* err;  ///< Progress and errors.
  bool terminal;      ///< `err` is one: draw a progress bar.
};

/// Reads spans from files or a search server, computes all their periods and publishes them.
/// Returns the exit code.
int RunRun(const RunOptions& options, const Environment& environment, const RunOutput& output);

/// Adds the subcommand to `root`. When the command line names it, parsing runs it and sets
/// `*exit_code`, which must outlive `root`. Returns the subcommand, owned by `root`.
CLI::App* AddRunCommand(CLI::App& root, int* exit_code);

}  // namespace tymbal::cli
