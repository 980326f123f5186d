#include "common/endpoint_stat.h"

#include <algorithm>
#include <tuple>

namespace tymbal {

bool Slower(const SlowCall& a, const SlowCall& b) {
  return std::tie(b.duration_us, a.start_ms, a.trace_id, a.span_id, a.error) <
         std::tie(a.duration_us, b.start_ms, b.trace_id, b.span_id, b.error);
}

std::array<uint64_t, kPercentiles.size()> PercentileRanks(uint64_t calls) {
  std::array<uint64_t, kPercentiles.size()> ranks{};
  for (size_t i = 0; i < ranks.size(); ++i) ranks[i] = NearestRank(calls, kPercentiles[i]);
  return ranks;
}

std::array<uint64_t, kPercentiles.size()> HistogramPercentiles(const Histogram& histogram,
                                                               uint64_t min_us, uint64_t max_us) {
  const auto ranks = PercentileRanks(histogram.count());
  std::array<Histogram::Position, kPercentiles.size()> positions{};
  histogram.Find(ranks, positions);
  std::array<uint64_t, kPercentiles.size()> percentiles{};
  for (size_t i = 0; i < percentiles.size(); ++i) {
    percentiles[i] = std::clamp(Histogram::Middle(positions[i].bucket), min_us, max_us);
  }
  return percentiles;
}

}  // namespace tymbal
