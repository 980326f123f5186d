#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace tymbal {

/// Longer durations are rejected where they are read, as absurd: 366 days.
inline constexpr uint64_t kDurationMaxUs = 366ULL * 86'400 * 1'000'000;

/// Counts of durations in buckets, with a relative error of at most 1/256 (0.39 %).
///
/// Values below 256 have a bucket each. Above, each power of two is divided into 128 buckets of
/// equal width, so a bucket's width is at most 1/128 of its lower bound, and its middle is at most
/// half of that away from every value in it (the layout of HdrHistogram with 7 bits). Two
/// histograms merge by adding bucket to bucket, so merging loses nothing, in any order.
///
/// Counts are held densely (about 40 KB at most): one object serves as scratch for many endpoints;
/// what is stored is Encode(). Thread: confined to one.
class Histogram {
 public:
  static constexpr uint32_t kBuckets = 39 * 128;

  /// Returns the bucket of a value. REQUIRES: value <= kDurationMaxUs.
  static uint32_t BucketOf(uint64_t value);
  /// Returns the lowest value of a bucket. REQUIRES: bucket < kBuckets.
  static uint64_t LowerBound(uint32_t bucket);
  /// Returns the middle of a bucket: what stands for the values in it. REQUIRES: bucket < kBuckets.
  static uint64_t Middle(uint32_t bucket);

  Histogram() : counts_(kBuckets) {}

  void Clear();
  /// REQUIRES: value <= kDurationMaxUs; the counts of all additions sum to less than 2^64.
  void Add(uint64_t value, uint64_t count = 1);
  void Merge(const Histogram& other);
  /// Adds what Encode() returned. Errors: kInternal when the bytes are damaged or from an unknown
  /// version, and then nothing was added.
  Status MergeEncoded(std::string_view bytes);

  uint64_t count() const { return count_; }
  uint64_t CountIn(uint32_t bucket) const { return counts_[bucket]; }

  struct Position {
    uint32_t bucket;  ///< The bucket that holds the value of the rank.
    uint64_t before;  ///< The number of values in lower buckets.
  };
  /// Finds the value at 1-based `rank` in sorted order. REQUIRES: 1 <= rank <= count().
  Position Find(uint64_t rank) const;

  /// Returns version 1: the byte 1, then for each bucket in use, in order, the number of unused
  /// buckets before it and its count, both as LEB128.
  std::string Encode() const;

 private:
  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  uint32_t first_ = kBuckets;  // Buckets outside of [first_, last_] are zero.
  uint32_t last_ = 0;
};

/// Returns the 1-based position of percentile permille/1000 among `count` sorted values by nearest
/// rank: ceil(p * n), as SQL's PERCENTILE_DISC. REQUIRES: count > 0, 0 < permille <= 1000.
uint64_t NearestRank(uint64_t count, uint32_t permille);

}  // namespace tymbal
