#include "worker/slice_queue.h"

#include <algorithm>

#include "common/check.h"

namespace tymbal::worker {
namespace {

constexpr int64_t kStretches = 1'000;

}  // namespace

void SliceQueue::Append(const std::vector<Slice>& slices) {
  slices_.insert(slices_.end(), slices.begin(), slices.end());
}

void SliceQueue::Prepend(const std::vector<Slice>& slices) {
  slices_.insert(slices_.begin(), slices.begin(), slices.end());
}

std::optional<Slice> SliceQueue::Next(uint64_t records_max) {
  TYMBAL_CHECK(records_max > 0, "a page must hold something");
  if (slices_.empty()) return std::nullopt;
  Slice request = slices_.front();
  slices_.pop_front();
  while (!slices_.empty()) {
    const Slice& next = slices_.front();
    if (next.part != request.part || request.count + next.count > records_max) break;
    request.range.end_ms = next.range.end_ms;
    request.count += next.count;
    slices_.pop_front();
  }
  return request;
}

int64_t CountingInterval(const Period& range, int64_t step_ms) {
  const int64_t length_ms = range.end_ms - range.start_ms;
  const int64_t steps = (length_ms / kStretches + step_ms - 1) / step_ms;
  return std::max<int64_t>(1, steps) * step_ms;
}

}  // namespace tymbal::worker
