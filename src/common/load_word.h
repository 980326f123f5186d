#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tymbal {

inline constexpr size_t kWordBytes = sizeof(uint64_t);

/// Returns eight bytes at any address, the first one lowest. REQUIRES: all are readable.
inline uint64_t LoadWord(const char* bytes) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t word = 0;
  std::memcpy(&word, bytes, kWordBytes);
  return word;
}

}  // namespace tymbal
