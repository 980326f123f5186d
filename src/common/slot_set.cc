#include "common/slot_set.h"

#include <algorithm>
#include <utility>

namespace tymbal {

SlotSet::SlotSet(std::vector<SlotRange> ranges) {
  std::erase_if(ranges, [](SlotRange range) { return range.from >= range.to; });
  std::sort(ranges.begin(), ranges.end());
  for (const SlotRange range : ranges) {
    if (ranges_.empty() || range.from > ranges_.back().to) {
      ranges_.push_back(range);
    } else {
      ranges_.back().to = std::max(ranges_.back().to, range.to);
    }
  }
  if (ranges_.empty()) return;
  hull_ = {ranges_.front().from, ranges_.back().to};
  if (ranges_.size() == 1) return;
  bits_.resize((hull_.to - hull_.from + 63) / 64);
  for (const SlotRange range : ranges_) {
    for (uint32_t bit = range.from - hull_.from; bit < range.to - hull_.from; ++bit) {
      bits_[bit / 64] |= uint64_t{1} << (bit % 64);
    }
  }
}

}  // namespace tymbal
