#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/check.h"
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
/// Counts are held densely (about 40 KB): one object serves as scratch for many endpoints, most of
/// which use some hundred of the buckets; what is stored is Encode(). Thread: confined to one.
class Histogram {
 public:
  static constexpr uint32_t kBuckets = 39 * 128;

  /// Returns the bucket of a value. REQUIRES: value <= kDurationMaxUs.
  static uint32_t BucketOf(uint64_t value) {
    TYMBAL_CHECK(value <= kDurationMaxUs, "durations are checked where they are read");
    if (value < kSubBuckets) return static_cast<uint32_t>(value);
    const auto shift = static_cast<uint32_t>(std::bit_width(value) - 1 - kSubBits);
    return shift * kSubBuckets + static_cast<uint32_t>(value >> shift);
  }
  /// Returns the lowest value of a bucket. REQUIRES: bucket < kBuckets.
  static uint64_t LowerBound(uint32_t bucket);
  /// Returns the middle of a bucket: what stands for the values in it. REQUIRES: bucket < kBuckets.
  static uint64_t Middle(uint32_t bucket);

  Histogram() : counts_(kBuckets) {}

  void Clear();
  /// REQUIRES: value <= kDurationMaxUs; count > 0; the counts of all additions sum to less than
  /// 2^64.
  void Add(uint64_t value, uint64_t count = 1) { AddTo(BucketOf(value), count); }
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
  /// Finds the values at 1-based `ranks` in sorted order: as many as there are ranks. REQUIRES:
  /// the ranks ascend, 1 <= rank <= count().
  void Find(std::span<const uint64_t> ranks, std::span<Position> found) const;

  /// Returns version 1: the byte 1, then for each bucket in use, in order, the number of unused
  /// buckets before it and its count, both as LEB128.
  std::string Encode() const;
  /// The same, in a text's memory.
  void Encode(std::string* bytes) const;

 private:
  static constexpr int kSubBits = 7;
  static constexpr uint32_t kSubBuckets = 1U << kSubBits;
  static_assert(kBuckets % 64 == 0);

  void AddTo(uint32_t bucket, uint64_t count) {
    counts_[bucket] += count;
    used_[bucket / 64] |= uint64_t{1} << (bucket % 64);
    count_ += count;
  }
  /// Undoes AddTo().
  void TakeBack(uint32_t bucket, uint64_t count) {
    counts_[bucket] -= count;
    if (counts_[bucket] == 0) used_[bucket / 64] &= ~(uint64_t{1} << (bucket % 64));
    count_ -= count;
  }
  /// Calls visit(bucket) for each bucket in use, ascending.
  template <typename Visit>
  void ForEachUsed(Visit visit) const {
    for (uint32_t word = 0; word < used_.size(); ++word) {
      for (uint64_t bits = used_[word]; bits != 0; bits &= bits - 1) {
        visit(word * 64 + static_cast<uint32_t>(std::countr_zero(bits)));
      }
    }
  }

  std::vector<uint64_t> counts_;
  std::array<uint64_t, kBuckets / 64> used_{};  // A bit for each bucket that isn't zero.
  uint64_t count_ = 0;
};

/// Returns the 1-based position of percentile permille/1000 among `count` sorted values by nearest
/// rank: ceil(p * n), as SQL's PERCENTILE_DISC. REQUIRES: count > 0, 0 < permille <= 1000.
uint64_t NearestRank(uint64_t count, uint32_t permille);

}  // namespace tymbal
