#pragma once

#include <cstdint>
#include <vector>

#include "common/slot.h"

namespace tymbal {

/// A set of slots: any ranges, kept in order, without neighbours that could be one. It is asked for
/// each span whether it holds the slot, so that takes no search, but one bit for each slot from the
/// first to the last where the set has gaps.
class SlotSet {
 public:
  SlotSet() = default;
  SlotSet(SlotRange range) : SlotSet(std::vector{range}) {}  // NOLINT: a range is a set.
  /// In any order; they may overlap, and be empty.
  explicit SlotSet(std::vector<SlotRange> ranges);

  bool Contains(uint32_t slot) const {
    if (!hull_.Contains(slot)) return false;
    if (bits_.empty()) return true;
    const uint32_t bit = slot - hull_.from;
    return (bits_[bit / 64] >> (bit % 64) & 1) != 0;
  }
  /// Ascending, none of them empty, with at least one slot between any two.
  const std::vector<SlotRange>& ranges() const { return ranges_; }

  bool operator==(const SlotSet& other) const { return ranges_ == other.ranges_; }

 private:
  std::vector<SlotRange> ranges_;
  SlotRange hull_;              // From the first slot to the last.
  std::vector<uint64_t> bits_;  // Which of the hull are there; empty: all.
};

}  // namespace tymbal
