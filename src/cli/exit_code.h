#pragma once

#include "common/status.h"

namespace tymbal::cli {

/// The exit codes of all subcommands; docs/cli.md explains them to users.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;    ///< Store, disk, network, or our own mistake.
inline constexpr int kExitUsage = 2;     ///< Options, configuration or profile.
inline constexpr int kExitBadInput = 3;  ///< The span data: unreadable, cut off, none, or --strict.
inline constexpr int kExitConflict = 4;  ///< The store already holds other results for the period.

/// Returns the exit code for an error. REQUIRES: !status.ok().
inline int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
      return kExitUsage;
    case StatusCode::kBadInput:
      return kExitBadInput;
    case StatusCode::kConflict:
      return kExitConflict;
    case StatusCode::kOk:
    case StatusCode::kNotFound:
    case StatusCode::kFenced:
    case StatusCode::kUnavailable:
    case StatusCode::kAmbiguous:
    case StatusCode::kExhausted:
    case StatusCode::kInternal:
      return kExitFailed;
  }
  return kExitFailed;
}

}  // namespace tymbal::cli
