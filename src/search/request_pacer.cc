#include "search/request_pacer.h"

#include <algorithm>

namespace tymbal::search {
namespace {

constexpr double kOverloadFactor = 0.5;
constexpr double kLatencyFactor = 0.75;
/// Answers that take so many times longer than usual slow us down. Our own requests side by side
/// make it about twice on a server with few processors.
constexpr double kLatencyRatioMax = 4;
constexpr double kSmoothing = 0.2;
/// The usual time of an answer rises by this share with each one, so that it follows a server that
/// has got slower for good, within some hundred answers.
constexpr double kUsualRise = 0.01;
/// Smaller answers are mostly the fixed cost of a request.
constexpr uint64_t kTellingSpans = 500;

}  // namespace

RequestPacer::RequestPacer(const RequestGateOptions& options)
    : options_(options), limit_(static_cast<double>(options.requests_max)) {}

RequestPacer::Duration RequestPacer::Reserve(Time now, uint64_t spans, uint32_t nodes) {
  if (options_.rate_max == 0 || spans == 0) return Duration::zero();
  const Time start = std::max(now, free_at_);
  const double seconds =
      static_cast<double>(spans) * std::max(1U, nodes) / static_cast<double>(options_.rate_max);
  free_at_ = start + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  return start - now;
}

void RequestPacer::Ended(Time now, Duration took, uint64_t spans, bool overloaded) {
  if (overloaded) {
    if (now - took >= slowed_at_) Slower(now, kOverloadFactor);
    return;
  }
  limit_ = std::min(limit_ + 1 / limit_, static_cast<double>(options_.requests_max));
  if (spans < kTellingSpans) return;
  const double per_span = std::chrono::duration<double>(took).count() / static_cast<double>(spans);
  recent_ = recent_ == 0 ? per_span : recent_ + kSmoothing * (per_span - recent_);
  usual_ = usual_ == 0 ? per_span : std::min(per_span, usual_ * (1 + kUsualRise));
  if (recent_ > kLatencyRatioMax * usual_ && now - took >= slowed_at_) Slower(now, kLatencyFactor);
}

void RequestPacer::Slower(Time now, double factor) {
  limit_ = std::max(1.0, limit_ * factor);
  slowed_at_ = now;
}

}  // namespace tymbal::search
