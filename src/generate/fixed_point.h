#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tymbal::generate {

// Logarithms and powers in integers. The same options must give the same bytes on every machine,
// and floating point can't promise that: the last bit of exp() and log() differs between C
// libraries, and a compiler may fuse a multiplication and an addition. A name that ends in q32
// holds a number times 2^32.

__extension__ typedef unsigned __int128 Uint128;

/// Returns the upper 64 bits of the product.
constexpr uint64_t MultiplyHigh(uint64_t a, uint64_t b) {
  return static_cast<uint64_t>((Uint128{a} * b) >> 64);
}

/// Returns log2(x) * 2^32, rounded down. REQUIRES: x > 0.
uint64_t Log2Q32(uint64_t x);

/// Returns 2^(x_q32 / 2^32), rounded down. REQUIRES: x_q32 < 63 * 2^32.
uint64_t Exp2(uint64_t x_q32);

/// Exp2 for the loop over all spans: interpolates between 1,024 steps of an octave (relative error
/// below 1e-7). Thread: safe once built.
class Exp2Table {
 public:
  Exp2Table();

  /// Returns about 2^(x_q32 / 2^32), rounded down. REQUIRES: x_q32 < 62 * 2^32.
  uint64_t operator()(uint64_t x_q32) const {
    const uint64_t fraction = x_q32 & 0xFFFF'FFFF;
    const size_t step = fraction >> kBetweenBits;
    const uint64_t between = fraction & ((uint64_t{1} << kBetweenBits) - 1);
    const uint64_t rise = steps_q62_[step + 1] - steps_q62_[step];  // < 2^54
    const uint64_t mantissa_q62 =
        steps_q62_[step] + ((rise >> kBetweenBits) * between);  // Cuts below 2^-40.
    return mantissa_q62 >> (62 - (x_q32 >> 32));
  }

 private:
  static constexpr size_t kSteps = 1024;
  static constexpr int kBetweenBits = 22;  // 32 - log2(kSteps)

  std::array<uint64_t, kSteps + 1> steps_q62_{};
};

}  // namespace tymbal::generate
