#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/slot.h"

namespace tymbal::master {

/// A row may have as many weights; a weight above the maximum counts as the maximum.
inline constexpr size_t kPartitionRowMax = 8'192;
inline constexpr uint64_t kPartitionWeightMax = uint64_t{1} << 36;

/// Cuts a row of weights into `parts` contiguous pieces, none of them empty, such that the heaviest
/// is as light as it can be; among such cuts it takes one with the least sum of squares, so that
/// the others are alike. Pieces of equal weight are alike in length. Returns them in order.
/// REQUIRES: 0 < parts <= row.size() <= kPartitionRowMax.
std::vector<SlotRange> Partition(std::span<const uint64_t> row, size_t parts);

}  // namespace tymbal::master
