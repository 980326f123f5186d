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

/// Cuts a row of weights into contiguous pieces, one for each of `heads`: what its owner has
/// already. The heaviest piece with its head is as light as it can be; among such cuts it takes one
/// with the least sum of squares, so that the others are alike, in length too where weights are
/// equal. A piece is empty only where its owner has a head. Returns them in order. REQUIRES: 0 <
/// heads.size() <= row.size() <= kPartitionRowMax; each head is the sum of weights that aren't
/// above the maximum, of no more than kPartitionRowMax slots together with the row.
std::vector<SlotRange> Partition(std::span<const uint64_t> row, std::span<const uint64_t> heads);

/// The same without heads, into `parts` pieces.
std::vector<SlotRange> Partition(std::span<const uint64_t> row, size_t parts);

/// Returns whether the heaviest piece of Partition() would be at most `limit` with its head, which
/// takes much less time. REQUIRES: the same; limit is at most what all weigh together.
bool CanPartition(std::span<const uint64_t> row, std::span<const uint64_t> heads, uint64_t limit);

}  // namespace tymbal::master
