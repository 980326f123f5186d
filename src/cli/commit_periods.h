#pragma once

#include <string>
#include <vector>

#include "cli/run_job.h"
#include "cli/run_settings.h"
#include "common/result_store.h"
#include "common/status.h"
#include "worker/aggregator.h"

namespace tymbal::cli {

/// Publishes what `aggregator` holds, as the only node of a cluster. Errors: those of RunJob.
Result<std::vector<PeriodOutcome>> CommitPeriods(ResultStore* store, worker::Aggregator* aggregator,
                                                 const RunSettings& settings,
                                                 const std::string& source, bool replace);

}  // namespace tymbal::cli
