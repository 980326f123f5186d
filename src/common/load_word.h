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

/// Compares short texts, of at least eight bytes: a call of memcmp() takes longer than what it
/// does.
inline bool SameWords(const char* a, const char* b, size_t size) {
  for (size_t i = 0; i + kWordBytes < size; i += kWordBytes) {
    if (LoadWord(a + i) != LoadWord(b + i)) return false;
  }
  const size_t last = size - kWordBytes;  // Overlaps the one before.
  return LoadWord(a + last) == LoadWord(b + last);
}

}  // namespace tymbal
