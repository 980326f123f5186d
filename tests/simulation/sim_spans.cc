#include "simulation/sim_spans.h"

#include <fmt/format.h>

#include <utility>

#include "common/check.h"
#include "generate/random.h"

namespace tymbal::testing {
namespace {

constexpr uint32_t kSlots = 1024;

}  // namespace

std::vector<SimSpans::OwnedSpan> SimSpans::SpansFrom(int64_t period_start_ms) const {
  generate::Random random(options_.seed ^ static_cast<uint64_t>(period_start_ms));
  std::vector<OwnedSpan> spans;
  if (options_.quiet_periods && random.Below(8) == 0) return spans;
  for (int endpoint = 0; endpoint < options_.endpoints; ++endpoint) {
    const uint64_t calls = options_.quiet_periods ? random.Below(4) : 1 + random.Below(3);
    for (uint64_t call = 0; call < calls; ++call) {
      OwnedSpan span;
      span.app = fmt::format("app-{}", endpoint % 3);
      span.service = fmt::format("service-{}", endpoint % 6);
      span.method = fmt::format("method-{}", endpoint);
      const auto length = static_cast<uint64_t>(options_.period_ms);
      const uint64_t offset = random.Below(4) == 0 ? 0 : random.Below(length);
      span.start_ms = period_start_ms + static_cast<int64_t>(offset);
      span.duration_us = random.Below(1'000'000);
      span.error = random.Below(10) == 0;
      spans.push_back(std::move(span));
    }
  }
  return spans;
}

worker::FragmentResult SimSpans::Compute(const Period& period, SlotRange slots,
                                         uint32_t slot_count) const {
  // A grid of its own for whatever period is asked for: the answer must follow the question.
  const int64_t length_ms = period.end_ms - period.start_ms;
  worker::Aggregator aggregator(
      {.grid = *PeriodGrid::Create(length_ms, period.start_ms % length_ms),
       .slots = slots,
       .slot_count = slot_count,
       .slow_calls = 2,
       .apdex = {}});
  worker::SpanBatch batch;
  std::vector<OwnedSpan> spans;
  const int64_t first_ms = period.start_ms - period.start_ms % options_.period_ms;
  for (int64_t start_ms = first_ms; start_ms < period.end_ms; start_ms += options_.period_ms) {
    std::vector<OwnedSpan> more = SpansFrom(start_ms);
    spans.insert(spans.end(), more.begin(), more.end());
  }
  for (const OwnedSpan& span : spans) {
    if (span.start_ms < period.start_ms || span.start_ms >= period.end_ms) continue;
    Span view;
    view.app = span.app;
    view.service = span.service;
    view.method = span.method;
    view.start_ms = span.start_ms;
    view.duration_us = span.duration_us;
    view.error = span.error;
    batch.spans.push_back(view);
  }
  TYMBAL_CHECK(aggregator.Add(batch).ok(), "the simulated spans are sound");
  if (aggregator.PeriodStarts().empty()) return {};
  worker::FragmentResult result = *aggregator.Summarize(period.start_ms, slots);
  result.coverage.expected = result.coverage.read;
  return result;
}

const std::map<uint64_t, StatRow>& SimSpans::Truth(int64_t start_ms) {
  const auto [truth, is_new] = truth_.try_emplace(start_ms);
  if (is_new) {
    for (StatRow& row :
         Compute({start_ms, start_ms + options_.period_ms}, {0, kSlots}, kSlots).rows) {
      const uint64_t id = EndpointId(Level::kMethod, row.name);
      truth->second.emplace(id, std::move(row));
    }
  }
  return truth->second;
}

}  // namespace tymbal::testing
