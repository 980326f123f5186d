#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "common/status.h"
#include "worker/aggregator.h"
#include "worker/span_source.h"

namespace tymbal::worker {

struct ScanOptions {
  AggregatorOptions aggregator;
  size_t threads = 1;
  /// Called on the calling thread now and then, with the number of records so far.
  std::function<void(uint64_t records)> on_progress;
  std::chrono::milliseconds progress_interval{200};
  /// Once true, the scan gives up with kUnavailable after the batch that each thread is at.
  const std::atomic<bool>* cancel = nullptr;
};

/// Reads all spans of a query on `threads` pool threads and returns what they add up to. Each
/// thread has an aggregator of its own with its share of the memory limit; they are merged at the
/// end. Errors: those of the source and the aggregator; kBadInput when the source promised another
/// number of spans than came (I6). Blocks.
Result<std::unique_ptr<Aggregator>> Scan(SpanSource* source, const SpanQuery& query,
                                         const ScanOptions& options);

}  // namespace tymbal::worker
