#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "common/period.h"

namespace tymbal::worker {

/// A stretch of time of one part of a query, and how many records the server promised for it.
struct Slice {
  size_t part = 0;
  Period range;
  uint64_t count = 0;
  bool operator==(const Slice&) const = default;
};

/// Makes requests of counted stretches of time: neighbours are put together as long as they fit
/// into a page; one that doesn't fit comes alone, to be divided. What was taken is in no later
/// request. A value.
class SliceQueue {
 public:
  /// Appends counted stretches of some parts, each part's in order of time. Gaps between them hold
  /// nothing.
  void Append(const std::vector<Slice>& slices);
  /// Puts back what a slice was divided into, to come next. What lies behind it may have been taken
  /// meanwhile.
  void Prepend(const std::vector<Slice>& slices);

  /// Takes the next request: at most `records_max` records, or one stretch with more. Nothing: no
  /// slice is left. REQUIRES: records_max > 0.
  std::optional<Slice> Next(uint64_t records_max);

  /// Returns the part of the next request. REQUIRES: !empty().
  size_t NextPart() const { return entries_.front().slice.part; }

  bool empty() const { return entries_.empty(); }

 private:
  struct Entry {
    Slice slice;
    int64_t next_ms = 0;  // From its end until then there is nothing.
  };
  static std::vector<Entry> EntriesOf(const std::vector<Slice>& slices);

  std::deque<Entry> entries_;
};

/// Returns the length of the stretches to count `range` in: about a thousand of them, none shorter
/// than `step_ms`, all multiples of it.
int64_t CountingInterval(const Period& range, int64_t step_ms);

}  // namespace tymbal::worker
