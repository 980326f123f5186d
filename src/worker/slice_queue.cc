#include "worker/slice_queue.h"

#include <algorithm>

#include "common/check.h"

namespace tymbal::worker {
namespace {

constexpr int64_t kStretches = 1'000;

}  // namespace

std::vector<SliceQueue::Entry> SliceQueue::EntriesOf(const std::vector<Slice>& slices) {
  std::vector<Entry> entries;
  for (size_t i = 0; i < slices.size(); ++i) {
    const bool has_next = i + 1 < slices.size() && slices[i + 1].part == slices[i].part;
    entries.push_back(
        {slices[i], has_next ? slices[i + 1].range.start_ms : slices[i].range.end_ms});
  }
  return entries;
}

void SliceQueue::Append(const std::vector<Slice>& slices) {
  const std::vector<Entry> entries = EntriesOf(slices);
  entries_.insert(entries_.end(), entries.begin(), entries.end());
}

void SliceQueue::Prepend(const std::vector<Slice>& slices) {
  const std::vector<Entry> entries = EntriesOf(slices);
  entries_.insert(entries_.begin(), entries.begin(), entries.end());
}

std::optional<Slice> SliceQueue::Next(uint64_t records_max) {
  TYMBAL_CHECK(records_max > 0, "a page must hold something");
  if (entries_.empty()) return std::nullopt;
  Slice request = entries_.front().slice;
  int64_t next_ms = entries_.front().next_ms;
  entries_.pop_front();
  while (!entries_.empty()) {
    const Slice& next = entries_.front().slice;
    // Behind a gap that isn't known to be empty may lie what another request has taken.
    if (next.part != request.part || next.range.start_ms != next_ms) break;
    if (request.count + next.count > records_max) break;
    request.range.end_ms = next.range.end_ms;
    request.count += next.count;
    next_ms = entries_.front().next_ms;
    entries_.pop_front();
  }
  return request;
}

int64_t CountingInterval(const Period& range, int64_t step_ms) {
  const int64_t length_ms = range.end_ms - range.start_ms;
  const int64_t steps = (length_ms / kStretches + step_ms - 1) / step_ms;
  return std::max<int64_t>(1, steps) * step_ms;
}

}  // namespace tymbal::worker
