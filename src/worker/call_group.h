#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/endpoint_stat.h"
#include "common/span.h"
#include "worker/duration_summary.h"
#include "worker/slow_calls.h"

namespace tymbal::worker {

/// The calls of one endpoint in one period: durations, errors, the slowest calls. One cache line:
/// what a common span touches is here, the rest behind a pointer. Thread: confined to one.
class CallGroup {
 public:
  struct Limits {
    uint64_t apdex_us;
    size_t slow_calls;
  };

  /// Adds a call and returns how many bytes of memory that took.
  size_t Add(const Span& span, const Limits& limits) {
    size_t grown = 0;
    if (size_ < capacity_ && span.duration_us <= UINT32_MAX && span.weight == 1) [[likely]] {
      durations_[size_++] = static_cast<uint32_t>(span.duration_us);
    } else {
      grown = AddRare(span, limits);
    }
    if (span.error) CountError(span, limits);
    if (span.duration_us >= slow_min_us_) grown += OfferSlow(span, limits);
    return grown;
  }

  /// Starts to load what Add() will look at for a call of this duration.
  void PrefetchFor(uint64_t duration_us) const {
    __builtin_prefetch(durations_.get() + size_, 1);
    if (duration_us >= slow_min_us_) slowest_.Prefetch();
  }

  /// Adds all of `other` and returns how many bytes of memory that took.
  size_t Merge(CallGroup&& other, const Limits& limits);

  /// Returns how many bytes Collapse() would free.
  size_t duration_bytes() const;
  bool collapsed() const { return rare_ != nullptr && rare_->histogram != nullptr; }
  /// Replaces the durations by a histogram; returns how many bytes that took (it may be negative).
  int64_t Collapse(const Limits& limits);

  /// Computes the numbers. `buffer`: its memory serves for the histogram. REQUIRES: a call was
  /// added. Errors: those of Summarizer.
  Result<EndpointStat> Summarize(const Limits& limits, Summarizer* summarizer,
                                 std::string buffer = {}) const;
  /// Returns the slowest calls in order.
  std::vector<SlowCall> Slowest() const { return slowest_.Sorted(); }
  void Slowest(std::vector<SlowCall>* calls) const { slowest_.Sorted(calls); }

  /// Replaces them by the same calls with their ids.
  void ReplaceSlowest(const std::vector<SlowCall>& calls) { slowest_.Replace(calls); }

  /// Returns how many spans were added, whatever their weights.
  uint64_t spans() const;
  /// Returns how many calls they stand for, saturated at 2^64 - 1.
  uint64_t calls() const;
  uint64_t errors() const { return errors_ ? errors_->errors : 0; }

 private:
  struct Rare {
    std::vector<uint64_t> wide;
    std::vector<WeightedDuration> weighted;
    // Once the durations have been given up:
    std::unique_ptr<Histogram> histogram;
    DurationSums sums;
    uint64_t spans = 0;
  };

  Rare& rare();
  size_t AddRare(const Span& span, const Limits& limits);
  size_t Grow();
  void CountError(const Span& span, const Limits& limits);
  size_t OfferSlow(const Span& span, const Limits& limits);
  DurationSet durations() const;

  std::unique_ptr<uint32_t[]> durations_;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
  uint64_t slow_min_us_ = 0;  // Shorter calls are not among the slowest.
  SlowCalls slowest_;
  std::unique_ptr<CallCounts> errors_;
  std::unique_ptr<Rare> rare_;
};
static_assert(sizeof(CallGroup) == 64, "one cache line");

}  // namespace tymbal::worker
