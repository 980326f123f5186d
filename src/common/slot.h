#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace tymbal {

/// The number of slots that a job is divided into unless it says otherwise.
inline constexpr uint32_t kSlotsDefault = 1024;

/// Half-open range [from, to) of slots.
struct SlotRange {
  uint32_t from = 0;
  uint32_t to = 0;
  bool Contains(uint32_t slot) const { return slot >= from && slot < to; }
  auto operator<=>(const SlotRange&) const = default;
};

/// Java's String.hashCode of app + U+0000 + service + U+0000 + method over UTF-16 code units.
/// docs/slots.md defines what ill-formed names give.
uint32_t EndpointHash(std::string_view app, std::string_view service, std::string_view method);

/// MurmurHash3's 32-bit finaliser.
constexpr uint32_t Fmix32(uint32_t h) {
  h ^= h >> 16;
  h *= 0x85EBCA6BU;
  h ^= h >> 13;
  h *= 0xC2B2AE35U;
  h ^= h >> 16;
  return h;
}

/// Returns the slot of an endpoint, in [0, slots). It never changes: collectors and Elasticsearch's
/// painless compute the same number (docs/slots.md). REQUIRES: slots > 0.
uint32_t SlotOf(std::string_view app, std::string_view service, std::string_view method,
                uint32_t slots);

}  // namespace tymbal
