#pragma once

#include "cli/run_command.h"
#include "cli/run_settings.h"
#include "common/status.h"

namespace tymbal::cli {

/// `tymbal run --explain`: says what RunSearch() would read, period by period, and what that costs.
/// Counts, and reads a few records of each period for their length; writes nothing but the answer.
/// Errors: as RunSearch().
Status ExplainSearch(const RunOptions& options, const RunSettings& settings,
                     const Environment& environment, const RunOutput& output);

}  // namespace tymbal::cli
