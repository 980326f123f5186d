#include "worker/aggregator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "worker/slot_function.h"

namespace tymbal::worker {
namespace {

/// How many spans are looked at in steps, each of which asks for the memory that the next one
/// needs: nearly all the time of grouping is waiting for it.
constexpr size_t kAhead = 32;

/// A group with fewer bytes of durations gains nothing from a histogram.
constexpr size_t kCollapseBytesMin = 2 * Histogram::kBuckets * sizeof(uint64_t);

EndpointTable::Names NamesOf(const Span& span) { return {span.app, span.service, span.method}; }

uint64_t Mix(uint64_t a, uint64_t b) {
  a = (a ^ b) * 0x9FB21C651E98DF25U;
  return a ^ (a >> 32);
}

/// Returns a hash of all (perhaps but the ids) that makes a difference in a span. Stored (as a
/// sum), so it never changes.
uint64_t SpanHash(const Span& span, uint64_t names_hash, bool with_ids) {
  uint64_t h = Mix(names_hash, span.duration_us);
  h = Mix(h, static_cast<uint64_t>(span.start_ms) << 1 | (span.error ? 1 : 0));
  if (with_ids) {
    h = Mix(h, XXH3_64bits(span.trace_id.data(), span.trace_id.size()));
    h = Mix(h, XXH3_64bits(span.span_id.data(), span.span_id.size()));
  }
  return Mix(h, span.weight);
}

}  // namespace

Aggregator::Aggregator(AggregatorOptions options) : options_(std::move(options)) {}

Status Aggregator::Add(const SpanBatch& batch) {
  std::array<uint64_t, kAhead> hashes{};
  std::array<uint32_t, kAhead> endpoints{};
  for (size_t begin = 0; begin < batch.spans.size(); begin += kAhead) {
    const std::span<const Span> some(batch.spans.data() + begin,
                                     std::min(kAhead, batch.spans.size() - begin));
    for (size_t i = 0; i < some.size(); ++i) {
      hashes[i] = EndpointTable::Hash(NamesOf(some[i]));
      endpoints_.Prefetch(hashes[i]);
    }
    for (size_t i = 0; i < some.size(); ++i) endpoints_.PrefetchNames(hashes[i]);
    for (size_t i = 0; i < some.size(); ++i) {
      endpoints[i] = InternEndpoint(hashes[i], NamesOf(some[i]));
      __builtin_prefetch(&infos_[endpoints[i]]);
      if (const CallGroup* group = LikelyGroupOf(endpoints[i])) __builtin_prefetch(group, 1);
    }
    for (size_t i = 0; i < some.size(); ++i) {
      if (const CallGroup* group = LikelyGroupOf(endpoints[i])) {
        group->PrefetchFor(some[i].duration_us);
      }
    }
    for (size_t i = 0; i < some.size(); ++i) {
      TYMBAL_RETURN_IF_ERROR(Collect(some[i], hashes[i], endpoints[i]));
    }
  }
  for (const RejectedRecord& record : batch.rejected) CollectRejected(record);
  filtered_ += batch.filtered;
  return Status::Ok();
}

void Aggregator::CollectRejected(const RejectedRecord& record) {
  if (!record.start_ms) {  // Of no period, so of no slot either.
    ++unplaced_[record.reason];
    return;
  }
  const uint32_t slot = record.slot.value_or(SlotOf("", "", "", options_.slot_count));
  if (!options_.slots.Contains(slot)) return;
  PeriodState& period = StateAt(*record.start_ms);
  ++period.coverage.expected;
  ++period.coverage.read;
  ++period.coverage.rejected[record.reason];
  ++period.rejected_of[slot][record.reason];
}

uint32_t Aggregator::InternEndpoint(uint64_t hash, const EndpointTable::Names& names) {
  const uint32_t endpoint = endpoints_.Intern(hash, names);
  if (endpoint == infos_.size()) {
    infos_.push_back(
        {options_.apdex.For(names.app), SlotBy(options_.slot_function, names.app, names.service,
                                               names.method, options_.slot_count)});
  }
  return endpoint;
}

Aggregator::PeriodState& Aggregator::StateAt(int64_t time_ms) {
  const int64_t length_ms = options_.grid.length_ms();
  if (last_period_ != nullptr && time_ms >= last_period_->start_ms &&
      time_ms - last_period_->start_ms < length_ms) {
    return *last_period_;
  }
  const int64_t start_ms = options_.grid.StartOf(time_ms);
  PeriodState& period = periods_[start_ms];
  period.start_ms = start_ms;
  last_period_ = &period;
  return period;
}

/// Returns the endpoint's group in the period of the span before; nullptr: it has none yet.
const CallGroup* Aggregator::LikelyGroupOf(uint32_t endpoint) const {
  if (last_period_ == nullptr || endpoint >= last_period_->group_of.size()) return nullptr;
  const uint32_t group = last_period_->group_of[endpoint];
  return group == kNoGroup ? nullptr : &groups_[group];
}

CallGroup& Aggregator::GroupOf(PeriodState* period, uint32_t endpoint) {
  if (endpoint >= period->group_of.size()) period->group_of.resize(infos_.size(), kNoGroup);
  uint32_t& group = period->group_of[endpoint];
  if (group == kNoGroup) {
    group = static_cast<uint32_t>(groups_.size());
    groups_.emplace_back();
  }
  return groups_[group];
}

Status Aggregator::Collect(const Span& span, uint64_t hash, uint32_t endpoint) {
  const EndpointInfo& info = infos_[endpoint];
  if (!options_.slots.Contains(info.slot)) return Status::Ok();
  PeriodState& period = StateAt(span.start_ms);
  ++period.coverage.expected;
  ++period.coverage.read;
  period.fingerprint += SpanHash(span, hash, options_.fingerprint_ids);
  CallGroup& group = GroupOf(&period, endpoint);
  const size_t grown = group.Add(span, {info.apdex_us, options_.slow_calls});
  if (grown == 0) return Status::Ok();
  group_bytes_ += grown;
  return KeepWithinMemory();
}

Status Aggregator::KeepWithinMemory() {
  const size_t fixed = endpoints_.bytes() + groups_.capacity() * sizeof(CallGroup) +
                       periods_.size() * infos_.size() * sizeof(uint32_t);
  if (fixed + group_bytes_ <= options_.memory_limit_bytes) return Status::Ok();

  // Free a good part at once, heaviest first, so that this stays rare.
  const size_t wanted = options_.memory_limit_bytes - options_.memory_limit_bytes / 4;
  std::vector<std::pair<size_t, uint32_t>> heaviest;  // (bytes, group)
  std::vector<uint64_t> apdex_of(groups_.size());
  for (const auto& [start_ms, period] : periods_) {
    for (size_t endpoint = 0; endpoint < period.group_of.size(); ++endpoint) {
      const uint32_t group = period.group_of[endpoint];
      if (group == kNoGroup) continue;
      apdex_of[group] = infos_[endpoint].apdex_us;
      const size_t bytes = groups_[group].duration_bytes();
      if (bytes >= kCollapseBytesMin) heaviest.emplace_back(bytes, group);
    }
  }
  std::sort(heaviest.begin(), heaviest.end(), std::greater<>());
  for (const auto& [bytes, group] : heaviest) {
    if (fixed + group_bytes_ <= wanted) break;
    const int64_t change = groups_[group].Collapse({apdex_of[group], options_.slow_calls});
    group_bytes_ = static_cast<size_t>(static_cast<int64_t>(group_bytes_) + change);
    ++inexact_groups_;
  }
  if (fixed + group_bytes_ <= options_.memory_limit_bytes) return Status::Ok();
  return Exhausted(
      fmt::format("{} endpoints in {} periods need more than the memory limit; raise "
                  "--memory-limit, give fewer "
                  "files at once, or look whether the method names carry ids",
                  infos_.size(), periods_.size()));
}

Status Aggregator::Merge(Aggregator&& other) {
  std::vector<uint32_t> mine(other.infos_.size());
  for (uint32_t endpoint = 0; endpoint < mine.size(); ++endpoint) {
    const EndpointTable::Names& names = other.endpoints_.NamesOf(endpoint);
    mine[endpoint] = InternEndpoint(EndpointTable::Hash(names), names);
  }
  for (auto& [start_ms, theirs] : other.periods_) {
    PeriodState& period = StateAt(start_ms);
    period.fingerprint += theirs.fingerprint;
    period.coverage.Merge(theirs.coverage);
    for (const auto& [slot, counts] : theirs.rejected_of) period.rejected_of[slot].Merge(counts);
    for (uint32_t endpoint = 0; endpoint < theirs.group_of.size(); ++endpoint) {
      if (theirs.group_of[endpoint] == kNoGroup) continue;
      CallGroup& from = other.groups_[theirs.group_of[endpoint]];
      CallGroup& to = GroupOf(&period, mine[endpoint]);
      const bool was_exact = !to.collapsed();
      const bool gone_inexact = from.collapsed();
      group_bytes_ +=
          to.Merge(std::move(from), {infos_[mine[endpoint]].apdex_us, options_.slow_calls});
      if (gone_inexact && was_exact) ++inexact_groups_;
      TYMBAL_RETURN_IF_ERROR(KeepWithinMemory());
    }
  }
  unplaced_.Merge(other.unplaced_);
  filtered_ += other.filtered_;
  return Status::Ok();
}

std::vector<int64_t> Aggregator::PeriodStarts() const {
  std::vector<int64_t> starts;
  starts.reserve(periods_.size());
  for (const auto& [start_ms, period] : periods_) starts.push_back(start_ms);
  return starts;
}

std::string Aggregator::Fingerprint(int64_t start_ms) const {
  const PeriodState& period = periods_.at(start_ms);
  uint64_t rejected = 0;
  for (const uint64_t count : period.coverage.rejected.by_reason) rejected = Mix(rejected, count);
  return fmt::format("1:{:016x}:{}:{:016x}", period.fingerprint, period.coverage.read, rejected);
}

const Coverage& Aggregator::PeriodCoverage(int64_t start_ms) const {
  return periods_.at(start_ms).coverage;
}

PeriodTotals Aggregator::Totals(int64_t start_ms) const {
  PeriodTotals totals;
  for (const uint32_t group : periods_.at(start_ms).group_of) {
    if (group == kNoGroup) continue;
    totals.calls += groups_[group].calls();
    totals.errors += groups_[group].errors();
    ++totals.endpoints;
  }
  return totals;
}

Status Aggregator::SummarizeGroup(const CallGroup& group, const FragmentOutline::Endpoint& endpoint,
                                  StatRow* row) {
  const EndpointTable::Names& names = endpoints_.NamesOf(endpoint.index);
  const CallGroup::Limits limits{infos_[endpoint.index].apdex_us, options_.slow_calls};
  auto stat = group.Summarize(limits, &summarizer_, std::move(row->stat.histogram));
  if (!stat) {
    return stat.error().WithContext(
        fmt::format("{} / {} / {}", names.app, names.service, names.method));
  }
  row->level = Level::kMethod;
  row->name.app = names.app;
  row->name.service = names.service;
  row->name.method = names.method;
  row->endpoint_id = endpoint.id;
  row->stat = std::move(*stat);
  group.Slowest(&row->slowest);
  return Status::Ok();
}

FragmentOutline Aggregator::Outline(int64_t start_ms, SlotRange slots) const {
  const PeriodState& period = periods_.at(start_ms);
  FragmentOutline outline{start_ms, {}, {}};
  Coverage& coverage = outline.coverage;
  for (auto rejected = period.rejected_of.lower_bound(slots.from);
       rejected != period.rejected_of.end() && rejected->first < slots.to; ++rejected) {
    coverage.rejected.Merge(rejected->second);
  }
  coverage.read = coverage.rejected.Total();
  for (uint32_t endpoint = 0; endpoint < period.group_of.size(); ++endpoint) {
    if (period.group_of[endpoint] == kNoGroup || !slots.Contains(infos_[endpoint].slot)) continue;
    const EndpointTable::Names& names = endpoints_.NamesOf(endpoint);
    outline.endpoints.push_back(
        {EndpointId(Level::kMethod, names.app, names.service, names.method), endpoint});
    coverage.read += groups_[period.group_of[endpoint]].spans();
  }
  coverage.expected = coverage.read;
  std::sort(outline.endpoints.begin(), outline.endpoints.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  return outline;
}

Status Aggregator::Summarize(const FragmentOutline& outline, size_t first, size_t count,
                             std::vector<StatRow>* rows) {
  const PeriodState& period = periods_.at(outline.start_ms);
  rows->resize(std::min(count, outline.endpoints.size() - first));
  for (size_t i = 0; i < rows->size(); ++i) {
    const FragmentOutline::Endpoint& endpoint = outline.endpoints[first + i];
    const CallGroup& group = groups_[period.group_of[endpoint.index]];
    TYMBAL_RETURN_IF_ERROR(SummarizeGroup(group, endpoint, &(*rows)[i]));
  }
  return Status::Ok();
}

Result<FragmentResult> Aggregator::Summarize(int64_t start_ms, SlotRange slots) {
  const FragmentOutline outline = Outline(start_ms, slots);
  FragmentResult result{{}, outline.coverage};
  TYMBAL_RETURN_IF_ERROR(Summarize(outline, 0, outline.endpoints.size(), &result.rows));
  return result;
}

void Aggregator::VisitSlowCalls(
    const std::function<void(const EndpointTable::Names&, std::vector<SlowCall>* calls)>& visit) {
  for (const auto& [start_ms, period] : periods_) {
    for (uint32_t endpoint = 0; endpoint < period.group_of.size(); ++endpoint) {
      if (period.group_of[endpoint] == kNoGroup) continue;
      CallGroup& group = groups_[period.group_of[endpoint]];
      std::vector<SlowCall> calls = group.Slowest();
      if (calls.empty()) continue;
      const std::vector<SlowCall> before = calls;
      visit(endpoints_.NamesOf(endpoint), &calls);
      if (calls != before) group.ReplaceSlowest(calls);
    }
  }
}

void Aggregator::Forget(int64_t start_ms) {
  PeriodState& period = periods_.at(start_ms);
  for (const uint32_t group : period.group_of) {
    if (group != kNoGroup) groups_[group] = CallGroup();
  }
  period.group_of = {};
}

}  // namespace tymbal::worker
