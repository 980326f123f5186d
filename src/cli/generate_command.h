#pragma once

namespace CLI {
class App;
}

namespace tymbal {

/// Adds `tymbal generate`: spans for trials and load, as NDJSON. When the command line names it, it
/// runs inside of `root.parse()` and sets `*exit_code`: 0, 1 when writing failed, or 2 when an
/// option is wrong. Returns the subcommand, which `root` owns; `exit_code` must outlive the
/// parsing.
CLI::App* AddGenerateCommand(CLI::App& root, int* exit_code);

}  // namespace tymbal
