#pragma once

#include <CLI/App.hpp>

namespace tymbal::cli {

/// Adds `tymbal config check FILE`. When the command line names it, parsing runs it and sets
/// `*exit_code`, which must outlive `root`. Returns the subcommand, owned by `root`.
CLI::App* AddConfigCommand(CLI::App& root, int* exit_code);

}  // namespace tymbal::cli
