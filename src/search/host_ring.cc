#include "search/host_ring.h"

#include <algorithm>

#include "common/check.h"

namespace tymbal::search {

HostRing::HostRing(size_t hosts, std::chrono::milliseconds rest)
    : rest_(rest), rests_until_(hosts, TimePoint::min()) {
  TYMBAL_CHECK(hosts > 0, "a cluster without servers");
}

size_t HostRing::Next(TimePoint now) {
  const std::lock_guard lock(mutex_);
  const size_t hosts = rests_until_.size();
  size_t chosen = next_;
  for (size_t i = 0; i < hosts; ++i) {
    const size_t host = (next_ + i) % hosts;
    if (rests_until_[host] <= now) {
      chosen = host;
      break;
    }
    if (rests_until_[host] < rests_until_[chosen]) chosen = host;
  }
  next_ = (chosen + 1) % hosts;
  return chosen;
}

void HostRing::Failed(size_t host, TimePoint now) {
  const std::lock_guard lock(mutex_);
  rests_until_[host] = std::max(rests_until_[host], now + rest_);
}

void HostRing::Answered(size_t host) {
  const std::lock_guard lock(mutex_);
  rests_until_[host] = TimePoint::min();
}

}  // namespace tymbal::search
