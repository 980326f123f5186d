#include "generate/fixed_point.h"

#include <bit>

#include "common/check.h"

namespace tymbal::generate {
namespace {

constexpr int kFractionBits = 32;

constexpr uint64_t SquareRoot(Uint128 x) {
  uint64_t root = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const uint64_t candidate = root | (uint64_t{1} << bit);
    if (Uint128{candidate} * candidate <= x) root = candidate;
  }
  return root;
}

/// The element i is 2^(2^-i), times 2^62: each is the square root of the one before.
constexpr std::array<uint64_t, kFractionBits + 1> MakeRootsQ62() {
  std::array<uint64_t, kFractionBits + 1> roots{};
  roots[0] = uint64_t{1} << 63;
  for (size_t i = 1; i < roots.size(); ++i) roots[i] = SquareRoot(Uint128{roots[i - 1]} << 62);
  return roots;
}
constexpr std::array<uint64_t, kFractionBits + 1> kRootsQ62 = MakeRootsQ62();

/// Returns 2^fraction in [1, 2), times 2^62: the product of the roots of the bits that are set.
uint64_t MantissaQ62(uint32_t fraction_q32) {
  uint64_t mantissa = uint64_t{1} << 62;
  for (size_t i = 1; i <= kFractionBits; ++i) {
    if (((fraction_q32 >> (kFractionBits - i)) & 1) == 0) continue;
    mantissa = static_cast<uint64_t>((Uint128{mantissa} * kRootsQ62[i]) >> 62);
  }
  return mantissa;
}

}  // namespace

uint64_t Log2Q32(uint64_t x) {
  TYMBAL_CHECK(x > 0, "zero has no logarithm");
  const int leading = std::countl_zero(x);
  uint64_t result = static_cast<uint64_t>(63 - leading);
  uint64_t mantissa_q63 = x << leading;
  // Squaring doubles the logarithm, so it moves the next binary digit in front of the point.
  for (int i = 0; i < kFractionBits; ++i) {
    const Uint128 square = Uint128{mantissa_q63} * mantissa_q63;
    const bool digit = (square >> 127) != 0;
    result = (result << 1) | (digit ? 1 : 0);
    mantissa_q63 = static_cast<uint64_t>(square >> (digit ? 64 : 63));
  }
  return result;
}

uint64_t Exp2(uint64_t x_q32) {
  const uint64_t whole = x_q32 >> kFractionBits;
  TYMBAL_CHECK(whole < 63, "the power is too large");
  return MantissaQ62(static_cast<uint32_t>(x_q32)) >> (62 - whole);
}

Exp2Table::Exp2Table() {
  for (size_t i = 0; i < kSteps; ++i) {
    steps_q62_[i] = MantissaQ62(static_cast<uint32_t>(i << kBetweenBits));
  }
  steps_q62_[kSteps] = uint64_t{1} << 63;
}

}  // namespace tymbal::generate
