#include "worker/scan.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "worker/owed_ids.h"

namespace tymbal::worker {
namespace {

/// What the threads of one scan share.
struct Shared {
  std::mutex mutex;
  std::condition_variable finished;
  size_t running = 0;
  std::optional<Status> failure;  // The first one.
  std::atomic<bool> failed{false};
  std::atomic<uint64_t> records{0};
  const std::atomic<bool>* cancel = nullptr;
};

Status ReadAll(SpanReader* reader, Aggregator* aggregator, Shared* shared) {
  SpanBatch batch;
  while (!shared->failed.load(std::memory_order_relaxed)) {
    if (shared->cancel != nullptr && shared->cancel->load(std::memory_order_relaxed)) {
      return Unavailable("cancelled");
    }
    TYMBAL_ASSIGN_OR_RETURN(const bool more, reader->Next(&batch));
    if (!more) break;
    TYMBAL_RETURN_IF_ERROR(aggregator->Add(batch));
    shared->records.fetch_add(batch.spans.size() + batch.rejected.size() + batch.filtered,
                              std::memory_order_relaxed);
  }
  return Status::Ok();
}

void RunThread(std::unique_ptr<SpanReader> reader, Aggregator* aggregator, Shared* shared) {
  const Status status = ReadAll(reader.get(), aggregator, shared);
  reader.reset();  // Others may wait for what it holds.
  const std::lock_guard lock(shared->mutex);
  if (!status.ok() && !shared->failure) {
    shared->failure = status;
    shared->failed = true;
  }
  --shared->running;
  shared->finished.notify_all();
}

/// Calls on_progress until all threads have finished.
void Wait(Shared* shared, const ScanOptions& options) {
  std::unique_lock lock(shared->mutex);
  while (!shared->finished.wait_for(lock, options.progress_interval,
                                    [shared] { return shared->running == 0; })) {
    if (!options.on_progress) continue;
    lock.unlock();
    options.on_progress(shared->records.load(std::memory_order_relaxed));
    lock.lock();
  }
}

/// The last look before anything counts (I6): the source's promise against what the readers
/// brought.
Status CheckComplete(SpanSource* source, const SpanQuery& query, uint64_t read) {
  TYMBAL_ASSIGN_OR_RETURN(const std::optional<uint64_t> expected, source->Expected(query));
  if (!expected || *expected == read) return Status::Ok();
  return BadInput(
      fmt::format("{} promised {} spans, but {} came", source->Describe(), *expected, read));
}

}  // namespace

Result<std::unique_ptr<Aggregator>> Scan(SpanSource* source, const SpanQuery& query,
                                         const ScanOptions& options) {
  TYMBAL_ASSIGN_OR_RETURN(auto readers, source->Open(query, options.threads));
  AggregatorOptions share = options.aggregator;
  share.memory_limit_bytes /= readers.size();
  std::vector<std::unique_ptr<Aggregator>> aggregators;
  for (size_t i = 0; i < readers.size(); ++i) {
    aggregators.push_back(std::make_unique<Aggregator>(share));
  }
  Shared shared;
  shared.running = readers.size();
  shared.cancel = options.cancel;
  {
    std::vector<std::jthread> threads;  // Join when they go out of scope.
    for (size_t i = 0; i < readers.size(); ++i) {
      threads.emplace_back(RunThread, std::move(readers[i]), aggregators[i].get(), &shared);
    }
    Wait(&shared, options);
  }
  if (shared.failure) return *shared.failure;
  if (options.on_progress) options.on_progress(shared.records);
  aggregators.front()->set_memory_limit(options.aggregator.memory_limit_bytes);
  for (size_t i = 1; i < aggregators.size(); ++i) {
    TYMBAL_RETURN_IF_ERROR(aggregators.front()->Merge(std::move(*aggregators[i])));
    aggregators[i].reset();
  }
  TYMBAL_RETURN_IF_ERROR(CheckComplete(source, query, shared.records));
  if (source->OwesIds()) {
    TYMBAL_RETURN_IF_ERROR(FillOwedIds(source, query, aggregators.front().get()));
  }
  return std::move(aggregators.front());
}

}  // namespace tymbal::worker
