#include "contract/span_source_contract.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <thread>
#include <utility>

#include "common/text.h"
#include "support/test_file.h"
#include "worker/aggregator.h"
#include "worker/file_source.h"
#include "worker/scan.h"

namespace tymbal::testing {
namespace {

using worker::Aggregator;
using worker::AggregatorOptions;

/// Whoever owns the slot of the empty endpoint counts what is in no period.
const uint32_t kEmptySlot = SlotOf("", "", "", kSlotsDefault);

AggregatorOptions OptionsFor(const ReadRange& range) {
  const int64_t length_ms = range.period.end_ms - range.period.start_ms;
  return {.grid = *PeriodGrid::Create(length_ms, range.period.start_ms % length_ms),
          .slots = range.slots,
          .slot_function = range.slot_function,
          .apdex = {}};
}

Result<ReadNumbers> Collect(Aggregator* aggregator, const ReadRange& range) {
  aggregator->BeginPeriod(range.period.start_ms);
  ReadNumbers numbers;
  for (const SlotRange slots : range.slots.ranges()) {
    TYMBAL_ASSIGN_OR_RETURN(auto result, aggregator->Summarize(range.period.start_ms, slots));
    numbers.Merge({std::move(result.rows), result.coverage, {}, 0});
  }
  numbers.filtered = aggregator->filtered();
  if (range.slots.Contains(kEmptySlot)) numbers.unplaced = aggregator->unplaced();
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
  const std::vector<std::string> methods = {"GET /a", "GET /A", "get /a",    R"(quo"ted \ text)",
                                            "创建",   "a:b*?",  "tab\there", "é"};
  const int64_t length_ms = kSuitePeriod.end_ms - kSuitePeriod.start_ms;
  std::vector<TestSpan> spans;
  for (size_t i = 0; i < count; ++i) {
    TestSpan span;
    span.app = apps[i % apps.size()];
    span.service = i % 3 == 0 ? "" : "api";
    span.method = methods[(i / 7) % methods.size()];
    // Every fourth begins with its neighbours.
    const size_t step = i % 4 == 0 ? i / 100 * 100 : i;
    span.start_ms =
        kSuiteStartMs + static_cast<int64_t>(step) * length_ms / static_cast<int64_t>(count);
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
  std::sort(rows.begin(), rows.end(),
            [](const StatRow& a, const StatRow& b) { return a.endpoint_id < b.endpoint_id; });
  coverage.Merge(other.coverage);
  unplaced.Merge(other.unplaced);
  filtered += other.filtered;
}

ReadNumbers NumbersOf(const std::vector<TestSpan>& spans, const Period& period) {
  Aggregator aggregator(OptionsFor({.period = period}));
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
  auto numbers = Collect(&aggregator, {.period = period});
  EXPECT_TRUE(numbers);
  return *numbers;
}

Result<ReadNumbers> Read(worker::SpanSource* source, const ReadRange& range) {
  const worker::SpanQuery query{.range = range.period, .slots = range.slots};
  const worker::ScanOptions options{
      .aggregator = OptionsFor(range), .threads = 2, .on_progress = {}};
  TYMBAL_ASSIGN_OR_RETURN(const auto aggregator, worker::Scan(source, query, options));
  return Collect(aggregator.get(), range);
}

Result<ReadNumbers> ReadAsFile(const std::vector<std::string>& documents,
                               const worker::Profile& profile, const Period& period) {
  std::string text;
  for (const std::string& document : documents) text += document + '\n';
  static std::atomic<int> count = 0;
  const TestFile file(fmt::format("as-file-{}-{}.ndjson", getpid(), ++count), text, 0600);
  TYMBAL_ASSIGN_OR_RETURN(const auto source,
                          worker::FileSource::Create({.paths = {file.path()}, .profile = profile}));
  return Read(source.get(), {.period = period});
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
