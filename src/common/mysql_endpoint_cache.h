#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/endpoint.h"

namespace tymbal {

/// Endpoints that a connection has seen in the database with exactly these names, so that a commit
/// need not ask for them again: their rows are never changed or deleted. Whoever connects again
/// forgets all of them, as a failover may have lost the last rows. Thread: confined to one.
class MysqlEndpointCache {
 public:
  /// Returns whether the endpoint is there, under these names.
  bool Holds(uint64_t endpoint_id, Level level, const EndpointName& name) const {
    const auto found = names_.find(endpoint_id);
    return found != names_.end() && found->second == Fingerprint(level, name);
  }
  /// Remembers it once the transaction is committed, see Confirm().
  void Note(uint64_t endpoint_id, Level level, const EndpointName& name) {
    noted_.emplace_back(endpoint_id, Fingerprint(level, name));
  }
  /// The transaction was committed.
  void Confirm() {
    if (names_.size() + noted_.size() > kEndpointsMax) names_.clear();
    if (noted_.size() <= kEndpointsMax) names_.insert(noted_.begin(), noted_.end());
    noted_.clear();
  }
  /// The transaction has begun, or was rolled back.
  void ForgetNoted() { noted_.clear(); }
  void Clear() {
    names_.clear();
    noted_.clear();
  }

 private:
  static constexpr size_t kEndpointsMax = 500'000;  // About 20 MB.

  /// Of other names than those of the id with a chance of 2^-64, however the id came about.
  static uint64_t Fingerprint(Level level, const EndpointName& name) {
    return EndpointId(level, name.method, name.service, name.app + '\x01');
  }

  std::unordered_map<uint64_t, uint64_t> names_;
  std::vector<std::pair<uint64_t, uint64_t>> noted_;
};

}  // namespace tymbal
