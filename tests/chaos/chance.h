#pragma once

#include <cstdint>

namespace tymbal::chaos {

/// Seeded chance (splitmix64): the same on every machine. Thread: confined to one.
class Chance {
 public:
  Chance(uint64_t seed, uint64_t stream) : state_(seed * 0x2545f4914f6cdd1d + stream) { Next(); }

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// Returns a number in [from, to].
  int64_t Between(int64_t from, int64_t to) {
    return from + static_cast<int64_t>(Next() % static_cast<uint64_t>(to - from + 1));
  }
  bool Permille(int64_t permille) { return Between(0, 999) < permille; }

 private:
  uint64_t state_;
};

}  // namespace tymbal::chaos
