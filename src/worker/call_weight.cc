#include "worker/call_weight.h"

#include <cmath>

namespace tymbal::worker {
namespace {

/// SplitMix64's finaliser.
uint64_t Scatter(uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace

std::optional<uint64_t> WholeWeight(const JsonNumber& weight, int64_t start_ms,
                                    uint64_t duration_us) {
  if (!(weight.real >= 0 && weight.real <= static_cast<double>(kCallWeightMax))) {
    return std::nullopt;
  }
  if (weight.is_integer) return weight.magnitude;
  // Thousandths, as Elastic's mapping (scaled_float) keeps them: _source and doc values agree.
  const auto thousandths = static_cast<uint64_t>(std::llround(weight.real * 1000));
  const uint64_t whole = thousandths / 1000;
  const uint64_t rest = thousandths % 1000;
  if (rest == 0) return whole;
  const uint64_t place = Scatter(Scatter(static_cast<uint64_t>(start_ms)) ^ duration_us) % 1000;
  return whole + (place < rest ? 1 : 0);
}

}  // namespace tymbal::worker
