#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tymbal {

/// A name that is longer (in bytes) is rejected where it is read: all three must fit into one row
/// of every result store.
inline constexpr size_t kNameBytesMax = 4096;

/// What one row of results is about.
enum class Level : uint8_t { kMethod = 0, kService = 1, kApp = 2 };

std::string_view LevelName(Level level);

/// The names of an endpoint, or of a service (method empty) or app (service and method empty).
/// Bytes: case, trailing blanks, accents and NUL distinguish.
struct EndpointName {
  std::string app;
  std::string service;
  std::string method;
  auto operator<=>(const EndpointName&) const = default;
};

/// Returns the key of an endpoint in the result store: XXH3 (64 bits, seed 0) of the level (1 byte)
/// and of each name after its length (4 bytes, little endian). It is stored, so it never changes.
uint64_t EndpointId(Level level, std::string_view app, std::string_view service,
                    std::string_view method);

inline uint64_t EndpointId(Level level, const EndpointName& name) {
  return EndpointId(level, name.app, name.service, name.method);
}

}  // namespace tymbal
