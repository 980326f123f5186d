#pragma once

#include "common/status.h"
#include "worker/aggregator.h"
#include "worker/span_source.h"

namespace tymbal::worker {

/// Gives the slowest calls the ids that the source has left out so far. Of calls that are alike in
/// endpoint, duration and start those are kept that come first by their ids, so the result is the
/// same as if all ids had been read. Errors: those of the source; kUnavailable when it finds fewer
/// calls than it had brought.
Status FillOwedIds(SpanSource* source, const SpanQuery& query, Aggregator* aggregator);

}  // namespace tymbal::worker
