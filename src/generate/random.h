#pragma once

#include <array>
#include <cstdint>

#include "generate/fixed_point.h"

namespace tymbal::generate {

/// xoshiro256** (Blackman and Vigna, public domain), seeded by splitmix64 as its authors advise.
///
/// Ours, because the distributions of the standard library differ from one library to the next, and
/// a seed must give the same bytes everywhere. Thread: confined to one.
class Random {
 public:
  explicit Random(uint64_t seed) {
    for (uint64_t& word : state_) {
      seed += 0x9E3779B97F4A7C15U;
      uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
      word = z ^ (z >> 31);
    }
  }

  uint64_t Next() {
    const uint64_t result = Rotate(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = Rotate(state_[3], 45);
    return result;
  }

  /// Returns a number in [0, limit), or 0 when limit is 0. The bias is below limit / 2^64.
  uint64_t Below(uint64_t limit) { return MultiplyHigh(Next(), limit); }

 private:
  static uint64_t Rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

  std::array<uint64_t, 4> state_{};
};

}  // namespace tymbal::generate
