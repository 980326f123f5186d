#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/endpoint_stat.h"
#include "common/span.h"

namespace tymbal::worker {

/// A trace id and a span id. The usual ids are lower-case hex digits, 32 and 16 of them, which are
/// packed into 24 bytes; others are texts on the heap. There are K of these for each endpoint and
/// period: as two std::string they would be most of the memory.
class PackedIds {
 public:
  /// REQUIRES: both have at most kIdBytesMax bytes.
  PackedIds(std::string_view trace_id, std::string_view span_id);

  std::string trace_id() const;
  std::string span_id() const;
  /// Returns the memory beside the object itself.
  size_t heap_bytes() const;

 private:
  struct Texts {
    std::string trace_id;
    std::string span_id;
  };
  std::unique_ptr<Texts> texts_;
  std::array<char, 24> hex_{};  // The trace id, then the span id; unless there are texts_.
  uint8_t trace_digits_ = 0;
  uint8_t span_digits_ = 0;
};

/// The K slowest calls of one endpoint in one period. Thread: confined to one.
class SlowCalls {
 public:
  /// Adds a call if it is among the `limit` slowest so far; returns how many bytes of memory that
  /// took. REQUIRES: limit > 0, the same in all calls.
  size_t Offer(const Span& span, size_t limit);

  /// Offers all of `other`; returns as above.
  size_t Merge(SlowCalls&& other, size_t limit);

  /// Returns the duration that a call must have to be among the slowest: 0 until there are `limit`.
  uint64_t min_us(size_t limit) const {
    return heap_.size() < limit ? 0 : heap_.front().duration_us;
  }

  /// Returns the calls in the order of Slower().
  std::vector<SlowCall> Sorted() const;

 private:
  struct Call {
    uint64_t duration_us;
    int64_t start_ms_and_error;  // 2 * start + error: saves 8 bytes.
    PackedIds ids;
    SlowCall Unpack() const;
  };
  static bool CallSlower(const Call& a, const Call& b);
  size_t Insert(Call call, size_t limit);

  std::vector<Call> heap_;  // Its front is the one to go first.
};

}  // namespace tymbal::worker
