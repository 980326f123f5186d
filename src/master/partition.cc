#include "master/partition.h"

#include <algorithm>
#include <limits>

#include "common/check.h"

namespace tymbal::master {
namespace {

/// Each slot counts one unit beside its weight, which only decides between pieces of equal weight:
/// a weight of 1 is more than all of these units.
uint64_t UnitsOf(std::span<const uint64_t> row) { return row.size() + 1; }

std::vector<uint64_t> InUnits(std::span<const uint64_t> heads, uint64_t units) {
  std::vector<uint64_t> scaled(heads.size());
  std::transform(heads.begin(), heads.end(), scaled.begin(),
                 [units](uint64_t head) { return head * units; });
  return scaled;
}

/// sums[i] is what the first i of the row weigh together.
std::vector<uint64_t> SumUp(std::span<const uint64_t> row) {
  std::vector<uint64_t> sums(row.size() + 1);
  for (size_t i = 0; i < row.size(); ++i) {
    sums[i + 1] = sums[i] + std::min(row[i], kPartitionWeightMax) * UnitsOf(row) + 1;
  }
  return sums;
}

/// Whether pieces that are at most `limit` with their heads hold the whole row: each takes what it
/// can.
bool Fits(const std::vector<uint64_t>& sums, const std::vector<uint64_t>& heads, uint64_t limit) {
  if (*std::max_element(heads.begin(), heads.end()) > limit) return false;
  auto end = sums.begin();
  for (size_t part = 0; part < heads.size() && end != sums.end() - 1; ++part) {
    end = std::upper_bound(end, sums.end(), *end + (limit - heads[part])) - 1;
  }
  return end == sums.end() - 1;
}

/// Returns the least weight that the heaviest of the pieces can have, with its head.
uint64_t LeastLimit(const std::vector<uint64_t>& sums, const std::vector<uint64_t>& heads) {
  uint64_t low = *std::max_element(heads.begin(), heads.end());
  uint64_t high = low + sums.back();
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (Fits(sums, heads, middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/// The classic dynamic programme: best[end] is the least sum of squares with which the first `end`
/// of the row are cut into as many pieces as rounds have passed, none above the limit.
class SquaresTable {
 public:
  SquaresTable(const std::vector<uint64_t>& sums, uint64_t limit)
      : sums_(sums), limit_(limit), best_(sums.size(), kNever) {
    best_[0] = 0;
  }

  void AddPiece(uint64_t head) {
    std::vector<double> next(sums_.size(), kNever);
    std::vector<uint16_t> begins(sums_.size());
    size_t first = 0;  // Where the last piece begins moves on with its end: never look back.
    for (size_t end = 0; end < sums_.size(); ++end) {
      while (sums_[end] - sums_[first] + head > limit_) ++first;
      size_t chosen = first;
      for (size_t begin = first; begin < end || (begin == end && head > 0); ++begin) {
        const auto weight = static_cast<double>(sums_[end] - sums_[begin] + head);
        const double squares = best_[begin] + weight * weight;
        if (squares >= next[end]) continue;
        next[end] = squares;
        chosen = begin;
      }
      begins[end] = static_cast<uint16_t>(chosen);
      if (next[end] != kNever) first = chosen;
    }
    best_ = std::move(next);
    begins_.push_back(std::move(begins));
  }

  std::vector<SlotRange> Pieces() const {
    std::vector<SlotRange> pieces(begins_.size());
    auto end = static_cast<uint32_t>(sums_.size() - 1);
    for (size_t piece = pieces.size(); piece-- > 0;) {
      pieces[piece] = {begins_[piece][end], end};
      end = pieces[piece].from;
    }
    return pieces;
  }

 private:
  static constexpr double kNever = std::numeric_limits<double>::infinity();

  const std::vector<uint64_t>& sums_;
  const uint64_t limit_;
  std::vector<double> best_;
  std::vector<std::vector<uint16_t>> begins_;  // Of the last piece, by its end; for each round.
};

}  // namespace

std::vector<SlotRange> Partition(std::span<const uint64_t> row, std::span<const uint64_t> heads) {
  TYMBAL_CHECK(!heads.empty() && heads.size() <= row.size() && row.size() <= kPartitionRowMax,
               "no row, or more pieces than it has slots");
  const std::vector<uint64_t> sums = SumUp(row);
  const std::vector<uint64_t> scaled = InUnits(heads, UnitsOf(row));
  SquaresTable table(sums, LeastLimit(sums, scaled));
  for (const uint64_t head : scaled) table.AddPiece(head);
  return table.Pieces();
}

std::vector<SlotRange> Partition(std::span<const uint64_t> row, size_t parts) {
  return Partition(row, std::vector<uint64_t>(parts));
}

bool CanPartition(std::span<const uint64_t> row, std::span<const uint64_t> heads, uint64_t limit) {
  return Fits(SumUp(row), InUnits(heads, UnitsOf(row)), limit * UnitsOf(row) + row.size());
}

}  // namespace tymbal::master
