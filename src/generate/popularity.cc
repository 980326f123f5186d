#include "generate/popularity.h"

#include <cstddef>

#include "common/check.h"

namespace tymbal::generate {
namespace {

constexpr uint64_t kFirstWeightBits = 40;

}  // namespace

std::vector<uint64_t> ZipfWeights(uint32_t count, uint64_t exponent_q32) {
  std::vector<uint64_t> weights(count);
  for (uint32_t i = 0; i < count; ++i) {
    const auto fall_q32 = static_cast<uint64_t>((Uint128{Log2Q32(i + 1)} * exponent_q32) >> 32);
    const uint64_t top_q32 = kFirstWeightBits << 32;
    weights[i] = fall_q32 < top_q32 ? Exp2(top_q32 - fall_q32) : 1;
  }
  return weights;
}

AliasTable::AliasTable(const std::vector<uint64_t>& weights) : cells_(weights.size()) {
  const size_t count = weights.size();
  TYMBAL_CHECK(count > 0 && count <= (size_t{1} << 20), "the sums must fit into 64 bits");
  uint64_t total = 0;  // <= 2^60
  for (const uint64_t weight : weights) total += weight;
  TYMBAL_CHECK(total > 0, "every weight is positive");

  // A column holds `total`; a weight fills `weight * count` of them, above or below its own column.
  std::vector<uint64_t> left(count);
  std::vector<uint32_t> small;
  std::vector<uint32_t> large;
  for (uint32_t i = 0; i < count; ++i) {
    left[i] = weights[i] * count;
    (left[i] < total ? small : large).push_back(i);
  }
  for (uint32_t i = 0; i < count; ++i) cells_[i] = {UINT32_MAX, i};
  while (!small.empty() && !large.empty()) {
    const uint32_t poor = small.back();
    const uint32_t rich = large.back();
    small.pop_back();
    cells_[poor] = {static_cast<uint32_t>((Uint128{left[poor]} << 32) / total), rich};
    left[rich] -= total - left[poor];
    if (left[rich] < total) {
      large.pop_back();
      small.push_back(rich);
    }
  }
}

}  // namespace tymbal::generate
