#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/arena.h"
#include "common/prefetch.h"

namespace tymbal::worker {

/// Gives each distinct (app, service, method) a number, from 0 in order of appearance, and keeps
/// its names once. The heart of grouping: called for every span, so a lookup touches one slot of 32
/// bytes and then the names, which Prefetch() fetches ahead of time. Names are compared in full:
/// equal hashes never merge two endpoints. Thread: confined to one.
class EndpointTable {
 public:
  struct Names {
    std::string_view app;
    std::string_view service;
    std::string_view method;
  };

  EndpointTable();

  /// Returns a hash of the three names. It is part of stored fingerprints, so it never changes.
  static uint64_t Hash(const Names& names);

  /// Starts to load what Intern() will look at.
  void Prefetch(uint64_t hash) const { __builtin_prefetch(&slots_[hash & mask_]); }

  /// The same, a step later: the names. REQUIRES: Prefetch() was called, long enough ago.
  void PrefetchNames(uint64_t hash) const {
    const Slot& slot = slots_[hash & mask_];
    if (slot.text == nullptr) return;
    PrefetchLines(slot.text, 2 * kCacheLineBytes);  // Most names end there.
  }

  /// Returns the number of an endpoint; a new one if it is new. REQUIRES: hash == Hash(names).
  uint32_t Intern(uint64_t hash, const Names& names);

  size_t size() const { return names_.size(); }
  const Names& NamesOf(uint32_t endpoint) const { return names_[endpoint]; }

  /// Returns the memory it holds.
  size_t bytes() const {
    return texts_.bytes() + slots_.capacity() * sizeof(Slot) + names_.capacity() * sizeof(Names);
  }

 private:
  struct Slot {
    uint64_t hash = 0;
    const char* text = nullptr;  // The three names, one behind the other; null = free.
    uint32_t app_size = 0;
    uint32_t service_size = 0;
    uint32_t method_size = 0;
    uint32_t endpoint = 0;
  };
  static_assert(sizeof(Slot) == 32, "two to a cache line");

  static bool Matches(const Slot& slot, uint64_t hash, const Names& names);
  void Grow();

  std::vector<Slot> slots_;  // A power of two; at most half are used.
  size_t mask_;
  std::vector<Names> names_;  // By endpoint; they point into texts_.
  Arena texts_;
};

}  // namespace tymbal::worker
