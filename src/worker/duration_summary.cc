#include "worker/duration_summary.h"

#include <algorithm>
#include <array>

namespace tymbal::worker {
namespace {

Uint128 SaturatingAdd(Uint128 a, Uint128 b) {
  Uint128 sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? ~Uint128{0} : sum;
}

Uint128 SaturatingMultiply(Uint128 a, Uint128 b) {
  Uint128 product = 0;
  return __builtin_mul_overflow(a, b, &product) ? ~Uint128{0} : product;
}

template <typename Visit>
void ForEach(const DurationSet& durations, Visit visit) {
  for (const uint32_t duration_us : durations.narrow) visit(duration_us, 1);
  for (const uint64_t duration_us : durations.wide) visit(duration_us, 1);
  for (const WeightedDuration& d : durations.weighted) visit(d.duration_us, d.count);
}

/// Fills in all but percentiles and histogram.
Result<EndpointStat> FromSums(const DurationSums& sums, const CallCounts& counts) {
  if (sums.calls > kStoredMax || sums.sum_us > kStoredMax) {
    return Exhausted("the number of calls or the sum of their durations passes 2^63");
  }
  EndpointStat stat;
  stat.calls = static_cast<uint64_t>(sums.calls);
  stat.errors = counts.errors;
  stat.satisfied = static_cast<uint64_t>(sums.satisfied) - counts.error_satisfied;
  stat.tolerating = static_cast<uint64_t>(sums.tolerating) - counts.error_tolerating;
  stat.duration_sum_us = static_cast<uint64_t>(sums.sum_us);
  stat.duration_sumsq = static_cast<double>(sums.sumsq);
  stat.min_us = sums.min_us;
  stat.max_us = sums.max_us;
  return stat;
}

bool ByDuration(const WeightedDuration& a, const WeightedDuration& b) {
  return a.duration_us < b.duration_us;
}

/// Returns the duration at 1-based `rank` of sorted durations.
uint64_t AtRank(const std::vector<WeightedDuration>& sorted, uint64_t rank) {
  for (const WeightedDuration& d : sorted) {
    if (rank <= d.count) return d.duration_us;
    rank -= d.count;
  }
  TYMBAL_CHECK(false, "a rank lies within the count");
}

}  // namespace

void DurationSums::Add(uint64_t duration_us, uint64_t count, uint64_t apdex_us) {
  calls += count;
  sum_us += static_cast<Uint128>(duration_us) * count;
  const Uint128 square = static_cast<Uint128>(duration_us) * duration_us;
  sumsq = SaturatingAdd(sumsq, SaturatingMultiply(square, count));
  min_us = std::min(min_us, duration_us);
  max_us = std::max(max_us, duration_us);
  if (duration_us <= apdex_us) {
    satisfied += count;
  } else if (duration_us <= 4 * apdex_us) {
    tolerating += count;
  }
}

void DurationSums::Merge(const DurationSums& other) {
  calls += other.calls;
  sum_us += other.sum_us;
  sumsq = SaturatingAdd(sumsq, other.sumsq);
  min_us = std::min(min_us, other.min_us);
  max_us = std::max(max_us, other.max_us);
  satisfied += other.satisfied;
  tolerating += other.tolerating;
}

void DurationSums::AddAll(std::span<const uint32_t> durations_us, uint64_t apdex_us) {
  // Fewer than 2^32 of them, so that only the squares need more than 64 bits.
  uint64_t sum = 0;
  Uint128 squares = 0;
  uint64_t within_t = 0;
  uint64_t within_4t = 0;
  uint32_t min = UINT32_MAX;
  uint32_t max = 0;
  for (const uint32_t duration_us : durations_us) {
    sum += duration_us;
    squares += static_cast<uint64_t>(duration_us) * duration_us;
    within_t += duration_us <= apdex_us ? 1 : 0;
    within_4t += duration_us <= 4 * apdex_us ? 1 : 0;
    min = std::min(min, duration_us);
    max = std::max(max, duration_us);
  }
  if (durations_us.empty()) return;
  Merge({durations_us.size(), sum, squares, min, max, within_t, within_4t - within_t});
}

Result<EndpointStat> Summarizer::Summarize(const DurationSet& durations, const CallCounts& counts,
                                           uint64_t apdex_us, std::string buffer) {
  DurationSums sums;
  sums.AddAll(durations.narrow, apdex_us);
  for (const uint64_t duration_us : durations.wide) sums.Add(duration_us, 1, apdex_us);
  for (const WeightedDuration& d : durations.weighted) sums.Add(d.duration_us, d.count, apdex_us);
  TYMBAL_ASSIGN_OR_RETURN(EndpointStat stat, FromSums(sums, counts));
  histogram_.Clear();
  ForEach(durations,
          [&](uint64_t duration_us, uint64_t count) { histogram_.Add(duration_us, count); });
  histogram_.Encode(&buffer);
  stat.histogram = std::move(buffer);
  SelectPercentiles(durations, &stat);
  return stat;
}

/// The histogram says in which bucket each percentile lies; only those few values are sorted.
void Summarizer::SelectPercentiles(const DurationSet& durations, EndpointStat* stat) {
  const auto ranks = PercentileRanks(stat->calls);
  std::array<Histogram::Position, kPercentiles.size()> positions{};
  histogram_.Find(ranks, positions);
  uint8_t targets = 0;
  for (const Histogram::Position& position : positions) {
    uint8_t& target = target_of_bucket_[position.bucket];
    if (target != 0) continue;
    candidates_[targets].clear();
    target = ++targets;
  }
  ForEach(durations, [this](uint64_t duration_us, uint64_t count) {
    const uint8_t target = target_of_bucket_[Histogram::BucketOf(duration_us)];
    if (target != 0) candidates_[target - 1U].push_back({duration_us, count});
  });
  for (uint8_t i = 0; i < targets; ++i) {
    std::sort(candidates_[i].begin(), candidates_[i].end(), ByDuration);
  }
  for (size_t i = 0; i < kPercentiles.size(); ++i) {
    const auto& candidates = candidates_[target_of_bucket_[positions[i].bucket] - 1U];
    stat->percentile_us[i] = AtRank(candidates, ranks[i] - positions[i].before);
  }
  for (const Histogram::Position& position : positions) target_of_bucket_[position.bucket] = 0;
}

Result<EndpointStat> Summarizer::SummarizeHistogram(const Histogram& histogram,
                                                    const DurationSums& sums,
                                                    const CallCounts& counts, std::string buffer) {
  TYMBAL_ASSIGN_OR_RETURN(EndpointStat stat, FromSums(sums, counts));
  stat.percentile_us = HistogramPercentiles(histogram, sums.min_us, sums.max_us);
  histogram.Encode(&buffer);
  stat.histogram = std::move(buffer);
  stat.exact = false;
  return stat;
}

}  // namespace tymbal::worker
