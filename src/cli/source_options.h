#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "common/config.h"
#include "common/status.h"

namespace tymbal::cli {

/// What a command line says about where spans are; nothing = as the configuration says. Shared by
/// all subcommands that talk to a search server.
struct SourceOptions {
  std::optional<std::string> conf;
  std::optional<std::string> hosts;
  std::optional<std::string> index;
  std::optional<std::string> profile;
};

/// Adds --conf, --hosts and --index. `options` must outlive the parsing.
void AddServerOptions(CLI::App* command, SourceOptions* options);
/// Adds --profile.
void AddProfileOption(CLI::App* command, SourceOptions* options);

/// Returns the configuration with these options over it; not checked yet, since others may follow.
/// Errors: those of LoadConfig.
Result<Config> TakeSourceOptions(const SourceOptions& options, const Environment& environment);

/// The same for a subcommand that is about a search server whatever source.type says, checked.
/// Errors: kInvalidArgument, also when no server is named.
Result<Config> SearchServerConfig(const SourceOptions& options, const Environment& environment);

}  // namespace tymbal::cli
