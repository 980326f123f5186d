#pragma once

#include "cli/run_command.h"
#include "cli/run_settings.h"
#include "cli/run_summary.h"
#include "common/status.h"

namespace tymbal::cli {

/// Reads a range of periods from a search server and publishes them, one after the other, the empty
/// ones too: they were looked at. Errors: those of SearchSource, Scan() and RunJob;
/// kInvalidArgument for a range that doesn't begin and end with periods. What was published before
/// an error stays.
Result<RunSummary> RunSearch(const RunOptions& options, const RunSettings& settings,
                             const Environment& environment, const RunOutput& output);

}  // namespace tymbal::cli
