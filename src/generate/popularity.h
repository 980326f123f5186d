#pragma once

#include <cstdint>
#include <vector>

#include "generate/fixed_point.h"
#include "generate/random.h"

namespace tymbal::generate {

/// Returns the weights of `count` ranks by Zipf's law, rank^-exponent, the first rank having 2^40.
/// None is below 1, so every rank can occur. REQUIRES: exponent_q32 <= 10 * 2^32.
std::vector<uint64_t> ZipfWeights(uint32_t count, uint64_t exponent_q32);

/// Draws indices by weight in constant time (Walker's alias method by Vose), in integers.
/// Thread: safe once built.
class AliasTable {
 public:
  /// REQUIRES: 0 < weights.size() <= 2^20, 0 < weight <= 2^40 for each.
  explicit AliasTable(const std::vector<uint64_t>& weights);

  uint32_t Draw(Random& random) const {
    const Uint128 product = Uint128{random.Next()} * cells_.size();
    const auto column = static_cast<uint32_t>(product >> 64);
    const Cell& cell = cells_[column];
    return static_cast<uint32_t>(product >> 32) < cell.keep_q32 ? column : cell.alias;
  }

 private:
  struct Cell {
    uint32_t keep_q32;  ///< The share of the column that is the column's own.
    uint32_t alias;     ///< Whose the rest is.
  };
  std::vector<Cell> cells_;
};

}  // namespace tymbal::generate
