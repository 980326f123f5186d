#pragma once

#include "cli/run_command.h"
#include "cli/run_settings.h"
#include "cli/run_summary.h"
#include "common/status.h"

namespace tymbal::cli {

/// Reads all files that `options` names, then publishes their periods. Errors: those of FileSource,
/// Scan() and RunJob; kBadInput when no record counts.
Result<RunSummary> RunFiles(const RunOptions& options, const RunSettings& settings,
                            const RunOutput& output);

}  // namespace tymbal::cli
