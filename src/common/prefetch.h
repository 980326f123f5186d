#pragma once

#include <cstddef>

namespace tymbal {

inline constexpr size_t kCacheLineBytes = 64;

/// Starts to load the cache lines of so many bytes, which need not be readable. `kToWrite`: they
/// will be changed.
template <bool kToWrite = false>
void PrefetchLines(const char* from, size_t bytes) {
  for (size_t at = 0; at < bytes; at += kCacheLineBytes) {
    __builtin_prefetch(from + at, kToWrite ? 1 : 0);
  }
}

}  // namespace tymbal
