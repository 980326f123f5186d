#pragma once

#include "cli/run_settings.h"
#include "common/config.h"
#include "common/status.h"
#include "worker/scan_executor.h"

namespace tymbal::cli {

/// Returns what opens the configured source of a period's spans: the files of a pattern, or a
/// search server. Errors: kInvalidArgument naming the key.
Result<worker::SourceOpener> MakeSourceOpener(const RunSettings& settings,
                                              const Environment& environment);

}  // namespace tymbal::cli
