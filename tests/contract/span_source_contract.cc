#include "contract/span_source_contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include "common/text.h"
#include "worker/scan.h"

namespace tymbal::testing {
namespace {

using worker::Aggregator;
using worker::AggregatorOptions;

/// Whoever owns the slot of the empty endpoint counts what is in no period.
const uint32_t kEmptySlot = SlotOf("", "", "", kSlotsDefault);

AggregatorOptions OptionsFor(const Period& period, SlotRange slots) {
  const int64_t length_ms = period.end_ms - period.start_ms;
  return {.grid = *PeriodGrid::Create(length_ms, period.start_ms % length_ms),
          .slots = slots,
          .apdex = {}};
}

Result<ReadNumbers> Collect(Aggregator* aggregator, SlotRange slots, const Period& period) {
  aggregator->BeginPeriod(period.start_ms);
  TYMBAL_ASSIGN_OR_RETURN(auto result, aggregator->Summarize(period.start_ms, slots));
  ReadNumbers numbers{std::move(result.rows), result.coverage, {}, aggregator->filtered()};
  if (slots.Contains(kEmptySlot)) numbers.unplaced = aggregator->unplaced();
  return numbers;
}

}  // namespace

std::string TestSpan::Document(bool slot) const {
  return fmt::format(
      R"({{"app":{},"service":{},"method":{},"start_time":{},"duration_us":{},"error":{},)"
      R"("trace_id":"trace-{}","span_id":{},"kind":"server"{}}})",
      JsonQuote(app), JsonQuote(service), JsonQuote(method), start_ms, duration_us, error, span_id,
      JsonQuote(span_id),
      slot ? fmt::format(",\"slot\":{}", SlotOf(app, service, method, kSlotsDefault)) : "");
}

std::vector<TestSpan> MakeSpans(size_t count) {
  // Collations, analyzers and escapes must not merge any of them.
  const std::vector<std::string> apps = {"orders", "Orders", "orders ", "支付", "emoji 😀"};
  const std::vector<std::string> methods = {"GET /a",     "GET /A", "get /a", R"(quo"ted \ text)",
                                            "创建",       "a:b*?",  "tab\there", "é"};
  const int64_t length_ms = kSuitePeriod.end_ms - kSuitePeriod.start_ms;
  std::vector<TestSpan> spans;
  for (size_t i = 0; i < count; ++i) {
    TestSpan span;
    span.app = apps[i % apps.size()];
    span.service = i % 3 == 0 ? "" : "api";
    span.method = methods[(i / 7) % methods.size()];
    // Every fourth begins with its neighbours.
    const size_t step = i % 4 == 0 ? i / 100 * 100 : i;
    span.start_ms = kSuiteStartMs + static_cast<int64_t>(step) * length_ms / static_cast<int64_t>(count);
    // The longest ones have companions of the same length.
    span.duration_us = i % 50 == 0 ? 900'000 : 1'000 + i * 7'919 % 500'000;
    span.error = i % 11 == 0;
    span.span_id = fmt::format("{:016x}", i);
    spans.push_back(std::move(span));
  }
  return spans;
}

std::vector<std::string> Documents(const std::vector<TestSpan>& spans) {
  std::vector<std::string> documents;
  std::transform(spans.begin(), spans.end(), std::back_inserter(documents),
                 [](const TestSpan& span) { return span.Document(); });
  return documents;
}

void PrintTo(const SpanSourceKind& kind, std::ostream* out) { *out << kind.name; }

void ReadNumbers::Merge(ReadNumbers other) {
  std::move(other.rows.begin(), other.rows.end(), std::back_inserter(rows));
  std::sort(rows.begin(), rows.end(), [](const StatRow& a, const StatRow& b) {
    return a.endpoint_id < b.endpoint_id;
  });
  coverage.Merge(other.coverage);
  unplaced.Merge(other.unplaced);
  filtered += other.filtered;
}

ReadNumbers NumbersOf(const std::vector<TestSpan>& spans, const Period& period) {
  Aggregator aggregator(OptionsFor(period, {0, kSlotsDefault}));
  for (const TestSpan& span : spans) {
    if (span.start_ms < period.start_ms || span.start_ms >= period.end_ms) continue;
    const std::string trace_id = "trace-" + span.span_id;
    worker::SpanBatch batch;
    batch.spans.push_back({.app = span.app,
                           .service = span.service,
                           .method = span.method,
                           .trace_id = trace_id,
                           .span_id = span.span_id,
                           .start_ms = span.start_ms,
                           .duration_us = span.duration_us,
                           .error = span.error});
    EXPECT_TRUE(aggregator.Add(batch).ok());
  }
  auto numbers = Collect(&aggregator, {0, kSlotsDefault}, period);
  EXPECT_TRUE(numbers);
  return *numbers;
}

Result<ReadNumbers> Read(worker::SpanSource* source, SlotRange slots, const Period& period,
                         size_t threads) {
  const worker::SpanQuery query{.range = period, .slots = slots};
  const worker::ScanOptions options{
      .aggregator = OptionsFor(period, slots), .threads = threads, .on_progress = {}};
  TYMBAL_ASSIGN_OR_RETURN(const auto aggregator, worker::Scan(source, query, options));
  return Collect(aggregator.get(), slots, period);
}

Result<BroughtSpans> Drain(worker::SpanSource* source, const Period& period, size_t parallelism) {
  TYMBAL_ASSIGN_OR_RETURN(const auto readers, source->Open({.range = period}, parallelism));
  std::vector<BroughtSpans> shares(parallelism);
  std::vector<Status> statuses(parallelism);
  const auto drain = [&](size_t i) -> Status {
    worker::SpanBatch batch;
    while (true) {
      TYMBAL_ASSIGN_OR_RETURN(const bool more, readers[i]->Next(&batch));
      if (!more) return Status::Ok();
      for (const Span& span : batch.spans) shares[i].span_ids.emplace(span.span_id);
      shares[i].records += batch.spans.size() + batch.rejected.size() + batch.filtered;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < parallelism; ++i) {
      threads.emplace_back([&, i] { statuses[i] = drain(i); });
    }
  }
  BroughtSpans all;
  for (size_t i = 0; i < parallelism; ++i) {
    TYMBAL_RETURN_IF_ERROR(statuses[i]);
    all.span_ids.merge(shares[i].span_ids);
    all.records += shares[i].records;
  }
  return all;
}

}  // namespace tymbal::testing
