#include "generate/span_generator.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "common/check.h"

namespace tymbal::generate {
namespace {

constexpr uint64_t kOneQ32 = uint64_t{1} << 32;
constexpr uint64_t kOneQ40 = uint64_t{1} << 40;

constexpr uint64_t kMedianMinUs = 200;
constexpr uint64_t kMedianMaxUs = 2'000'000;
/// Nobody waits longer: gateways and clients have given up by then.
constexpr uint64_t kDurationLimitUs = 600'000'000;
constexpr int64_t kTraceLimitMs = 10'000;

/// How much more often than others an endpoint fails. The steps are far apart, as in life: most
/// endpoints hardly ever fail, a few always have trouble.
constexpr std::array<uint64_t, 4> kErrorLevels = {1, 8, 24, 160};

constexpr std::array<uint32_t, 6> kTimeoutsUs = {1'000'000,  3'000'000,  5'000'000,
                                                 10'000'000, 30'000'000, 60'000'000};

/// Exact: a multiplication by a power of two, then cut.
uint64_t ToQ(double number, uint64_t one) {
  return static_cast<uint64_t>(number * static_cast<double>(one));
}

size_t DrawErrorLevel(Random& random) {
  const uint64_t percent = random.Below(100);
  return percent < 40 ? 0 : percent < 80 ? 1 : percent < 96 ? 2 : 3;
}

/// Returns the smallest rate of level 1 with which all calls together fail at `total_q40`.
/// `mass_q32` is the share of the calls that each level has.
uint64_t UnitRateQ40(const std::array<uint64_t, kErrorLevels.size()>& mass_q32,
                     uint64_t total_q40) {
  uint64_t low = 0;
  uint64_t high = kOneQ40;
  while (low < high) {
    const uint64_t middle = (low + high) / 2;
    Uint128 failing = 0;
    for (size_t i = 0; i < mass_q32.size(); ++i) {
      failing += Uint128{mass_q32[i]} * std::min(kOneQ40, middle * kErrorLevels[i]);
    }
    if (static_cast<uint64_t>(failing >> 32) >= total_q40) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

SpanGenerator::SpanGenerator(const GenerateOptions& options)
    : SpanGenerator(options, ZipfWeights(options.endpoints, ToQ(options.zipf, kOneQ32))) {}

SpanGenerator::SpanGenerator(const GenerateOptions& options, const std::vector<uint64_t>& weights)
    : options_(options),
      random_(options.seed),
      defect_random_(~options.seed),
      popularity_(weights),
      bad_q40_(ToQ(options.bad, kOneQ40)) {
  TYMBAL_CHECK(Validate(options).ok(), "the caller validates the options");
  MakeProfiles(weights);
}

void SpanGenerator::MakeProfiles(const std::vector<uint64_t>& weights) {
  const uint64_t median_min_q32 = Log2Q32(kMedianMinUs);
  const uint64_t median_range_q32 = Log2Q32(kMedianMaxUs) - median_min_q32;
  std::vector<uint8_t> levels(weights.size());
  std::array<uint64_t, kErrorLevels.size()> mass{};
  uint64_t total = 0;

  profiles_.resize(weights.size());
  for (uint32_t i = 0; i < profiles_.size(); ++i) {
    Profile& profile = profiles_[i];
    // The square of an even distribution: half of the medians are below 2 ms.
    const uint64_t even_q32 = random_.Below(kOneQ32);
    const uint64_t skewed_q32 = (even_q32 * even_q32) >> 32;
    profile.median_log2_q32 = median_min_q32 + ((skewed_q32 * (median_range_q32 >> 8)) >> 24);
    // A standard deviation of 0.35 to 1 of the natural logarithm, that is 0.5 to 1.44 octaves;
    // divided by that of the noise, which is 4.02.
    profile.spread_q16 = static_cast<uint32_t>(8'230 + random_.Below(15'290));
    const size_t first_timeout = random_.Below(4);
    const uint64_t typical_us = exp2_(profile.median_log2_q32);
    profile.timeout_us = kTimeoutsUs.back();
    for (size_t t = kTimeoutsUs.size(); t-- > first_timeout;) {
      if (kTimeoutsUs[t] >= 8 * typical_us) profile.timeout_us = kTimeoutsUs[t];
    }
    profile.mostly_times_out = random_.Below(4) == 0;
    profile.kind = MakeEndpoint(i, options_.apps).kind;
    levels[i] = static_cast<uint8_t>(DrawErrorLevel(random_));
    mass[levels[i]] += weights[i];
    total += weights[i];
  }

  TYMBAL_CHECK(total > 0, "every weight is positive");
  for (uint64_t& share : mass) share = static_cast<uint64_t>((Uint128{share} << 32) / total);
  const uint64_t unit_q40 = UnitRateQ40(mass, ToQ(options_.errors, kOneQ40));
  for (size_t i = 0; i < profiles_.size(); ++i) {
    profiles_[i].error_rate_q40 = std::min(kOneQ40, unit_q40 * kErrorLevels[levels[i]]);
  }
}

size_t SpanGenerator::Fill(std::span<GeneratedSpan> batch) {
  const auto count = static_cast<size_t>(std::min<uint64_t>(batch.size(), options_.spans - made_));
  for (GeneratedSpan& span : batch.first(count)) span = Next();
  return count;
}

GeneratedSpan SpanGenerator::Next() {
  GeneratedSpan span{};
  span.endpoint = popularity_.Draw(random_);
  const Profile& profile = profiles_[span.endpoint];
  span.kind = profile.kind;
  const uint64_t bits = random_.Next();  // 40 for the error, 12 for the duration, 12 for the trace.
  span.error = (bits >> 24) < profile.error_rate_q40;
  span.duration_us = DurationUs(profile, span.error, (bits >> 12) & 0xFFF);
  span.start_ms = NextStartMs();
  const Trace& trace = NextTrace(span.start_ms, bits & 0xFFF);
  span.trace_id_high = trace.id_high;
  span.trace_id_low = trace.id_low;
  span.span_id = random_.Next();
  span.defect = NextDefect();
  ++made_;
  return span;
}

/// Log-normal around the endpoint's median. The noise is normal to the eye: the number of ones in
/// 64 random bits (binomial, variance 16) with a triangle of +-1 over its steps (variance 1/6).
uint64_t SpanGenerator::DurationUs(const Profile& profile, bool error, uint32_t bits) {
  const int64_t ones = std::popcount(random_.Next()) - 32;
  const uint64_t pair = random_.Next();
  const int64_t triangle_q32 =
      static_cast<int64_t>(pair & 0xFFFF'FFFF) - static_cast<int64_t>(pair >> 32);
  const int64_t noise_q32 = ones * static_cast<int64_t>(kOneQ32) + triangle_q32;

  if (error) {
    const bool usual = (bits & 7) == 0;  // One in eight fails after all the work.
    const bool unlike_others = (bits & 0x70) == 0;
    if (!usual && profile.mostly_times_out != unlike_others) {
      return profile.timeout_us + (pair & 0x3FFF);  // The timer's lateness: up to 16 ms.
    }
    if (!usual) return 50 + (exp2_(profile.median_log2_q32) >> (4 + (bits >> 10)));
  }
  int64_t log2_q32 = static_cast<int64_t>(profile.median_log2_q32) +
                     ((noise_q32 * static_cast<int64_t>(profile.spread_q16)) >> 16);
  // One in 1,024 meets a full collection, a cold cache or a lock: 8 to 60 times as long.
  if (bits < 4) log2_q32 += static_cast<int64_t>(3 * kOneQ32 + (pair & 0xFFFF'FFFF) * 3);
  const uint64_t positive_q32 = static_cast<uint64_t>(std::max<int64_t>(log2_q32, 0));
  return std::min(exp2_(positive_q32), kDurationLimitUs);
}

int64_t SpanGenerator::NextStartMs() {
  const auto spans = options_.spans;
  const auto duration_ms = static_cast<uint64_t>(options_.duration_ms);
  const uint64_t chance = random_.Next();
  if (options_.order == SpanOrder::kRandom) {
    return options_.from_ms + static_cast<int64_t>(MultiplyHigh(chance, duration_ms));
  }
  uint64_t offset_ms = offset_ms_ + MultiplyHigh(chance, duration_ms / spans);
  offset_ms_ += duration_ms / spans;
  offset_remainder_ += duration_ms % spans;
  if (offset_remainder_ >= spans) {
    offset_remainder_ -= spans;
    ++offset_ms_;
  }
  // Exporters send what has ended, in batches: most spans are up to 0.25 s late, one in 16 is up
  // to 2 s late, one in 1,024 up to 30 s.
  const uint64_t low = chance & 0x3FF;
  const uint64_t late_limit_ms = low == 0 ? 30'000 : low < 64 ? 2'000 : 250;
  const uint64_t late_ms = ((chance >> 10) & 0xFFFF) * late_limit_ms >> 16;
  offset_ms -= late_ms <= offset_ms ? late_ms : late_ms % (offset_ms + 1);
  return options_.from_ms + static_cast<int64_t>(offset_ms);
}

/// 16 traces are under way, and a trace has 4 spans on average, all within 10 s.
const SpanGenerator::Trace& SpanGenerator::NextTrace(int64_t start_ms, uint32_t bits) {
  Trace& trace = traces_[bits & 15];
  const int64_t apart_ms = std::abs(start_ms - trace.start_ms);
  if ((bits & 0x30) == 0 || apart_ms > kTraceLimitMs) {
    const uint64_t id_high = random_.Next();
    trace = {id_high, random_.Next(), start_ms};
  }
  return trace;
}

Defect SpanGenerator::NextDefect() {
  if (bad_q40_ == 0 || (defect_random_.Next() >> 24) >= bad_q40_) return Defect::kNone;
  return static_cast<Defect>(1 + defect_random_.Below(kDefects));
}

}  // namespace tymbal::generate
