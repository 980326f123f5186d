#pragma once

#include <cstddef>
#include <string>

#include "cli/run_command.h"
#include "common/config.h"
#include "common/status.h"
#include "worker/aggregator.h"
#include "worker/profile.h"

namespace tymbal::cli {

/// What `tymbal run` works with, from defaults, environment, configuration and command line.
struct RunSettings {
  Config config;
  std::string store;
  worker::Profile profile;
  std::string profile_reason;  ///< Why it was chosen; empty when it was named.
  worker::AggregatorOptions aggregator;
  size_t threads = 1;

  /// Returns what else than the spans decides the numbers: part of a run's identity (RunInput).
  /// `inexact`: the memory limit was reached.
  std::string Describe(bool inexact) const;
};

/// Errors: kInvalidArgument, naming the option or key.
Result<RunSettings> ReadRunSettings(const RunOptions& options, const Environment& environment);

}  // namespace tymbal::cli
