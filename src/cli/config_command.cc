#include "cli/config_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "cli/environment.h"
#include "cli/exit_code.h"
#include "common/config.h"
#include "worker/profile.h"

namespace tymbal::cli {
namespace {

Status Check(const std::string& path) {
  const auto config = LoadConfig(path, ProcessEnvironment());
  if (!config) return config.error();
  if (config->source_profile == worker::kProfileAuto) return Status::Ok();
  const auto profile = worker::LoadProfile(config->source_profile);
  return profile ? Status::Ok() : profile.error().WithContext(path + ": source.profile");
}

}  // namespace

CLI::App* AddConfigCommand(CLI::App& root, int* exit_code) {
  CLI::App* const config = root.add_subcommand("config", "Look at the configuration");
  config->require_subcommand(1);
  CLI::App* const check = config->add_subcommand("check", "Say whether a configuration is right");
  const auto path = std::make_shared<std::string>();  // Lives as long as the callback.
  check->add_option("file", *path, "The configuration file")->required();
  check->callback([path, exit_code] {
    const Status status = Check(*path);
    if (status.ok()) {
      std::cout << PrintableLines(*path) << " is right\n";
      *exit_code = kExitOk;
    } else {
      std::cerr << "tymbal config check: " << PrintableLines(status.message()) << '\n';
      *exit_code = ExitCodeOf(status);
    }
  });
  return config;
}

}  // namespace tymbal::cli
