#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/endpoint_stat.h"
#include "common/prefetch.h"
#include "common/span.h"

namespace tymbal::worker {

/// The K slowest calls of one endpoint in one period. Thread: confined to one.
class SlowCalls {
 public:
  /// Adds a call if it is among the `limit` slowest so far; returns how many bytes of memory that
  /// took. REQUIRES: limit > 0, the same in all calls.
  size_t Offer(const Span& span, size_t limit);

  /// Starts to load what Offer() will look at if the limit is a usual one.
  void Prefetch() const {
    constexpr size_t kUsual = 5 * sizeof(Call);
    PrefetchLines</*kToWrite=*/true>(reinterpret_cast<const char*>(heap_.data()), kUsual);
  }

  /// Offers all of `other`; returns as above.
  size_t Merge(SlowCalls&& other, size_t limit);

  /// Returns the duration that a call must have to be among the slowest: 0 until there are `limit`.
  uint64_t min_us(size_t limit) const {
    return heap_.size() < limit ? 0 : heap_.front().duration_us();
  }

  /// Replaces the calls by others. REQUIRES: as many, of the same durations.
  void Replace(const std::vector<SlowCall>& calls);

  /// Returns the calls in the order of Slower().
  std::vector<SlowCall> Sorted() const;
  /// The same, in the memory of other calls.
  void Sorted(std::vector<SlowCall>* calls) const;

 private:
  /// A call in 48 bytes: there are K of them for each endpoint and period, and as a SlowCall, with
  /// two std::string, they would be most of the memory. The usual ids, up to 32 and 16 lower-case
  /// hex digits, are numbers; others are texts on the heap.
  class Call {
   public:
    explicit Call(const Span& span) : Call(span, IdsOf(span)) {}

    SlowCall Unpack() const;
    void Unpack(SlowCall* call) const;
    uint64_t duration_us() const { return duration_us_; }
    int64_t start_ms() const { return static_cast<int64_t>(start_ms_); }
    /// Returns the memory beside the object itself.
    size_t heap_bytes() const;

   private:
    /// The first 16 digits of the trace id, its others, and the digits of the span id.
    using Ids = std::array<uint64_t, 3>;
    struct Texts {
      std::string trace_id;
      std::string span_id;
    };

    Call(const Span& span, const std::optional<Ids>& ids);
    static std::optional<Ids> IdsOf(const Span& span);

    uint64_t duration_us_ : 48;  // kDurationMaxUs needs 45 bits.
    uint64_t trace_digits_ : 8;
    uint64_t span_digits_ : 8;
    uint64_t start_ms_ : 63;  // Not before 1970: see kStartMinMs.
    uint64_t error_ : 1;
    std::unique_ptr<Texts> texts_;
    Ids ids_;  // Unless there are texts_.
  };
  static_assert(sizeof(Call) == 48, "as said above");

  /// The order of Slower(). An object, not a function, so that algorithms inline it.
  struct CallSlower {
    bool operator()(const Call& a, const Call& b) const {
      if (a.duration_us() != b.duration_us()) return a.duration_us() > b.duration_us();
      return IsSlowerOfSameDuration(a, b);
    }
  };
  static bool IsSlowerOfSameDuration(const Call& a, const Call& b);
  size_t Insert(Call call, size_t limit);

  std::vector<Call> heap_;  // Its front is the one to go first.
};

}  // namespace tymbal::worker
