#include "common/endpoint_stat.h"

#include <algorithm>
#include <tuple>

namespace tymbal {

bool Slower(const SlowCall& a, const SlowCall& b) {
  return std::tie(b.duration_us, a.start_ms, a.trace_id, a.span_id, a.error) <
         std::tie(a.duration_us, b.start_ms, b.trace_id, b.span_id, b.error);
}

std::array<uint64_t, kPercentiles.size()> HistogramPercentiles(const Histogram& histogram,
                                                               uint64_t min_us, uint64_t max_us) {
  std::array<uint64_t, kPercentiles.size()> percentiles{};
  for (size_t i = 0; i < kPercentiles.size(); ++i) {
    const uint64_t rank = NearestRank(histogram.count(), kPercentiles[i]);
    const uint64_t middle = Histogram::Middle(histogram.Find(rank).bucket);
    percentiles[i] = std::clamp(middle, min_us, max_us);
  }
  return percentiles;
}

}  // namespace tymbal
