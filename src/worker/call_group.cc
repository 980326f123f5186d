#include "worker/call_group.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tymbal::worker {
namespace {

constexpr uint32_t kFirstCapacity = 4;
/// Keeps sizes within 32 bits; 8 GiB of durations in one group are given up for a histogram before.
constexpr uint32_t kCapacityMax = 1U << 31;

}  // namespace

CallGroup::Rare& CallGroup::rare() {
  if (!rare_) rare_ = std::make_unique<Rare>();
  return *rare_;
}

size_t CallGroup::AddRare(const Span& span, const Limits& limits) {
  if (collapsed()) {
    rare_->histogram->Add(span.duration_us, span.weight);
    rare_->sums.Add(span.duration_us, span.weight, limits.apdex_us);
    ++rare_->spans;
    return 0;
  }
  if (span.weight != 1) {
    const size_t before = rare().weighted.capacity();
    rare_->weighted.push_back({span.duration_us, span.weight});
    return (rare_->weighted.capacity() - before) * sizeof(WeightedDuration);
  }
  if (span.duration_us > UINT32_MAX) {
    const size_t before = rare().wide.capacity();
    rare_->wide.push_back(span.duration_us);
    return (rare_->wide.capacity() - before) * sizeof(uint64_t);
  }
  if (capacity_ == kCapacityMax) {
    const int64_t change = Collapse(limits);
    const size_t more = AddRare(span, limits);
    return change > 0 ? static_cast<size_t>(change) + more : more;
  }
  const size_t grown = Grow();
  durations_[size_++] = static_cast<uint32_t>(span.duration_us);
  return grown;
}

size_t CallGroup::Grow() {
  const uint32_t capacity = std::max(kFirstCapacity, 2 * capacity_);
  auto larger = std::make_unique_for_overwrite<uint32_t[]>(capacity);
  std::copy_n(durations_.get(), size_, larger.get());
  durations_ = std::move(larger);
  return (capacity - std::exchange(capacity_, capacity)) * sizeof(uint32_t);
}

void CallGroup::CountError(const Span& span, const Limits& limits) {
  if (!errors_) errors_ = std::make_unique<CallCounts>();
  errors_->errors += span.weight;
  if (span.duration_us <= limits.apdex_us) {
    errors_->error_satisfied += span.weight;
  } else if (span.duration_us <= 4 * limits.apdex_us) {
    errors_->error_tolerating += span.weight;
  }
}

size_t CallGroup::OfferSlow(const Span& span, const Limits& limits) {
  if (limits.slow_calls == 0) {
    slow_min_us_ = UINT64_MAX;
    return 0;
  }
  const size_t grown = slowest_.Offer(span, limits.slow_calls);
  slow_min_us_ = slowest_.min_us(limits.slow_calls);
  return grown;
}

size_t CallGroup::Merge(CallGroup&& other, const Limits& limits) {
  size_t grown = 0;
  if (other.collapsed() && !collapsed()) Collapse(limits);
  if (other.collapsed()) {
    rare_->histogram->Merge(*other.rare_->histogram);
    rare_->sums.Merge(other.rare_->sums);
    rare_->spans += other.rare_->spans;
  } else {
    Span span;
    const DurationSet set = other.durations();
    const auto add = [&](uint64_t duration_us, uint64_t weight) {
      span.duration_us = duration_us;
      span.weight = weight;
      if (size_ < capacity_ && duration_us <= UINT32_MAX && weight == 1) {
        durations_[size_++] = static_cast<uint32_t>(duration_us);
      } else {
        grown += AddRare(span, limits);
      }
    };
    for (const uint32_t duration_us : set.narrow) add(duration_us, 1);
    for (const uint64_t duration_us : set.wide) add(duration_us, 1);
    for (const WeightedDuration& d : set.weighted) add(d.duration_us, d.count);
  }
  if (other.errors_) {
    if (!errors_) errors_ = std::make_unique<CallCounts>();
    errors_->errors += other.errors_->errors;
    errors_->error_satisfied += other.errors_->error_satisfied;
    errors_->error_tolerating += other.errors_->error_tolerating;
  }
  if (limits.slow_calls > 0) {
    grown += slowest_.Merge(std::move(other.slowest_), limits.slow_calls);
    slow_min_us_ = slowest_.min_us(limits.slow_calls);
  }
  other = CallGroup();
  return grown;
}

DurationSet CallGroup::durations() const {
  DurationSet set;
  set.narrow = {durations_.get(), size_};
  if (rare_) {
    set.wide = rare_->wide;
    set.weighted = rare_->weighted;
  }
  return set;
}

size_t CallGroup::duration_bytes() const {
  size_t bytes = capacity_ * sizeof(uint32_t);
  if (rare_) {
    bytes += rare_->wide.capacity() * sizeof(uint64_t) +
             rare_->weighted.capacity() * sizeof(WeightedDuration);
  }
  return bytes;
}

int64_t CallGroup::Collapse(const Limits& limits) {
  const auto freed = static_cast<int64_t>(duration_bytes());
  const uint64_t collapsed_spans = spans();
  auto histogram = std::make_unique<Histogram>();
  DurationSums sums;
  const auto add = [&](uint64_t duration_us, uint64_t count) {
    histogram->Add(duration_us, count);
    sums.Add(duration_us, count, limits.apdex_us);
  };
  const DurationSet set = durations();
  for (const uint32_t duration_us : set.narrow) add(duration_us, 1);
  for (const uint64_t duration_us : set.wide) add(duration_us, 1);
  for (const WeightedDuration& d : set.weighted) add(d.duration_us, d.count);
  durations_.reset();
  size_ = capacity_ = 0;
  rare_ = std::make_unique<Rare>();
  rare_->histogram = std::move(histogram);
  rare_->sums = sums;
  rare_->spans = collapsed_spans;
  return static_cast<int64_t>(Histogram::kBuckets * sizeof(uint64_t)) - freed;
}

Result<EndpointStat> CallGroup::Summarize(const Limits& limits, Summarizer* summarizer,
                                          std::string buffer) const {
  const CallCounts counts = errors_ ? *errors_ : CallCounts{};
  if (!collapsed()) {
    return summarizer->Summarize(durations(), counts, limits.apdex_us, std::move(buffer));
  }
  return Summarizer::SummarizeHistogram(*rare_->histogram, rare_->sums, counts, std::move(buffer));
}

uint64_t CallGroup::spans() const {
  if (collapsed()) return rare_->spans;
  const DurationSet set = durations();
  return set.narrow.size() + set.wide.size() + set.weighted.size();
}

uint64_t CallGroup::calls() const {
  Uint128 calls = 0;
  if (collapsed()) {
    calls = rare_->sums.calls;
  } else {
    const DurationSet set = durations();
    calls = set.narrow.size() + set.wide.size();
    for (const WeightedDuration& d : set.weighted) calls += d.count;
  }
  return static_cast<uint64_t>(std::min<Uint128>(calls, UINT64_MAX));
}

}  // namespace tymbal::worker
