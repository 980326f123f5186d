#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "common/endpoint_stat.h"
#include "common/period.h"
#include "common/slot_set.h"
#include "common/span.h"
#include "worker/profile.h"
#include "worker/span_source.h"

namespace tymbal::testing {

/// The period of the suite: five minutes from 2026-11-22T10:00Z on.
inline constexpr int64_t kSuiteStartMs = 1'795'341'600'000;
inline constexpr Period kSuitePeriod{kSuiteStartMs, kSuiteStartMs + 300'000};

/// A span as the tests think of it: with texts of its own.
struct TestSpan {
  std::string app = "orders";
  std::string service = "api";
  std::string method = "list";
  int64_t start_ms = kSuiteStartMs;
  uint64_t duration_us = 1'000;
  bool error = false;
  std::string span_id = {};

  /// Returns its document in Tymbal's own format, with its slot where `slot` says so.
  std::string Document(bool slot = true) const;
};

/// Returns `count` spans of some 40 endpoints over the whole period, several a millisecond now and
/// then, each with another id. Of the slowest calls some are alike but for their ids.
std::vector<TestSpan> MakeSpans(size_t count);
std::vector<std::string> Documents(const std::vector<TestSpan>& spans);

/// How a source is to read.
struct ReadChoice {
  std::string slot_read = "auto";
  std::string read = "auto";
  size_t page_spans = 1'000;
  std::string preference = "";
};

/// One kind of source under the suite, with documents of its own, at first none.
class SpanSourceHarness {
 public:
  virtual ~SpanSourceHarness() = default;

  virtual void Load(const std::vector<std::string>& documents) = 0;
  /// Makes a source of the loaded documents for one query. The harness must outlive it.
  virtual std::unique_ptr<worker::SpanSource> Open(const ReadChoice& choice) = 0;
  /// The choices that give another reading in this kind of source.
  virtual std::vector<ReadChoice> Choices() const = 0;
};

/// A parameter of the suite.
struct SpanSourceKind {
  std::string name;
  std::function<std::unique_ptr<SpanSourceHarness>()> make;
  /// Returns why this kind can't be tested here, empty where it can. None: it always can.
  std::function<std::string()> missing = nullptr;
};
void PrintTo(const SpanSourceKind& kind, std::ostream* out);  // For GoogleTest's messages.

/// What a fragment, or all fragments together, have read.
struct ReadNumbers {
  std::vector<StatRow> rows;  ///< In the order of endpoint ids.
  Coverage coverage;
  RejectCounts unplaced;
  uint64_t filtered = 0;

  void Merge(ReadNumbers other);
};

/// Returns the numbers of a set of spans, computed from themselves.
ReadNumbers NumbersOf(const std::vector<TestSpan>& spans, const Period& period = kSuitePeriod);

/// What a fragment reads.
struct ReadRange {
  SlotSet slots = SlotRange{0, kSlotsDefault};
  Period period = kSuitePeriod;
  worker::SlotFunction slot_function = worker::SlotFunction::kTymbal;
};

/// Reads as a fragment does: Scan(), with all that it checks.
Result<ReadNumbers> Read(worker::SpanSource* source, const ReadRange& range = {});

/// Reads documents from a file: what an index that holds them must give as well.
Result<ReadNumbers> ReadAsFile(const std::vector<std::string>& documents,
                               const worker::Profile& profile, const Period& period = kSuitePeriod);

/// What the readers of one query have brought.
struct BroughtSpans {
  std::multiset<std::string> span_ids;
  uint64_t records = 0;  ///< Rejected and filtered ones included.
};

/// Reads with `parallelism` threads, and does nothing with the spans.
Result<BroughtSpans> Drain(worker::SpanSource* source, const Period& period, size_t parallelism);

}  // namespace tymbal::testing
