#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/coverage.h"
#include "common/endpoint_stat.h"
#include "common/period.h"
#include "common/result_store.h"
#include "common/slot_set.h"
#include "common/span.h"
#include "common/status.h"
#include "worker/call_group.h"
#include "worker/endpoint_table.h"
#include "worker/profile.h"
#include "worker/span_source.h"

namespace tymbal::worker {

/// How long a call may take to satisfy its user (Apdex).
struct ApdexThresholds {
  uint64_t default_us = 500'000;
  std::map<std::string, uint64_t, std::less<>> by_app;

  uint64_t For(std::string_view app) const {
    const auto found = by_app.find(app);
    return found == by_app.end() ? default_us : found->second;
  }
};

struct AggregatorOptions {
  PeriodGrid grid;
  SlotSet slots = SlotRange{0, kSlotsDefault};
  uint32_t slot_count = kSlotsDefault;
  SlotFunction slot_function = SlotFunction::kTymbal;  ///< Which endpoints these slots hold.
  /// Whether spans with other ids make another fingerprint; not where they aren't read for all.
  bool fingerprint_ids = true;
  size_t slow_calls = 5;  ///< K: how many of the slowest calls to keep for each endpoint.
  ApdexThresholds apdex;
  size_t memory_limit_bytes = size_t{1} << 30;
};

/// The endpoints of a fragment, of one period and a range of slots, and what is known of it without
/// its results.
struct FragmentOutline {
  struct Endpoint {
    uint64_t id;     ///< endpoint_id.
    uint32_t index;  ///< In the aggregator.
  };
  int64_t start_ms = 0;
  std::vector<Endpoint> endpoints;  ///< In ascending order of `id`.
  Coverage coverage;
};

/// The results of a fragment: of one period and a range of slots.
struct FragmentResult {
  std::vector<StatRow> rows;  ///< In ascending order of endpoint_id.
  Coverage coverage;
};

/// What a period holds, to tell people.
struct PeriodTotals {
  uint64_t calls = 0;
  uint64_t errors = 0;
  uint64_t endpoints = 0;
};

/// Collects spans, sorted into periods and endpoints, and computes their numbers
/// (docs/statistics.md). The order of the spans and how they were divided over aggregators that are
/// merged later makes no difference to any result.
///
/// Memory: 4 to 8 bytes a span and some hundred an endpoint, within `memory_limit_bytes`; when they
/// don't fit, the endpoints with the most durations go on with a histogram (`exact` = false), and
/// when even that isn't enough, adding fails. Thread: confined to one.
class Aggregator {
 public:
  explicit Aggregator(AggregatorOptions options);

  /// Adds a batch; its texts may go away afterwards. Errors: kExhausted when the endpoints and
  /// periods alone pass the memory limit.
  Status Add(const SpanBatch& batch);

  /// Makes the period of `time_ms` one of PeriodStarts(), even if nothing follows: it was looked
  /// at.
  void BeginPeriod(int64_t time_ms) { StateAt(time_ms); }

  /// Changes the memory limit, from the next addition on.
  void set_memory_limit(size_t bytes) { options_.memory_limit_bytes = bytes; }

  /// Adds all that `other` has collected. REQUIRES: the same options.
  Status Merge(Aggregator&& other);

  /// Returns the starts of the periods that hold spans or rejected records, ascending.
  std::vector<int64_t> PeriodStarts() const;

  /// Returns the fingerprint of a period's spans: equal for equal sets of spans and numbers of
  /// rejected records. REQUIRES: start_ms is one of PeriodStarts().
  std::string Fingerprint(int64_t start_ms) const;

  /// Returns the number of spans and rejected records. REQUIRES: as above.
  const Coverage& PeriodCoverage(int64_t start_ms) const;

  PeriodTotals Totals(int64_t start_ms) const;
  Period PeriodAt(int64_t start_ms) const { return options_.grid.PeriodAt(start_ms); }

  /// Returns a period's endpoints whose slots are in `slots`, with the rejected records of these
  /// slots. REQUIRES: as above.
  FragmentOutline Outline(int64_t start_ms, SlotRange slots) const;

  /// Replaces `rows` by the results of `count` endpoints of an outline, from `first` on, or of what
  /// is left of it. Their memory is used again. REQUIRES: nothing was added since the outline was
  /// made, or forgotten. Errors: kExhausted when a count or sum of an endpoint passes kStoredMax.
  Status Summarize(const FragmentOutline& outline, size_t first, size_t count,
                   std::vector<StatRow>* rows);

  /// The same for all endpoints at once.
  Result<FragmentResult> Summarize(int64_t start_ms, SlotRange slots);

  /// Calls `visit` with the slowest calls of each endpoint that has some, in every period; what it
  /// leaves in `calls` replaces them.
  void VisitSlowCalls(
      const std::function<void(const EndpointTable::Names&, std::vector<SlowCall>* calls)>& visit);

  /// Forgets a period's spans; only its coverage and fingerprint stay. REQUIRES: as above.
  void Forget(int64_t start_ms);

  /// Rejected records that have no usable start, of whichever slots: all that the source brought.
  const RejectCounts& unplaced() const { return unplaced_; }
  uint64_t filtered() const { return filtered_; }
  size_t endpoints() const { return endpoints_.size(); }
  /// Returns how many groups fell back to a histogram.
  size_t inexact_groups() const { return inexact_groups_; }

 private:
  static constexpr uint32_t kNoGroup = UINT32_MAX;

  struct EndpointInfo {
    uint64_t apdex_us;
    uint32_t slot;
  };
  struct PeriodState {
    int64_t start_ms = 0;
    std::vector<uint32_t> group_of;  // By endpoint.
    uint64_t fingerprint = 0;        // Sum of the spans' hashes: independent of their order.
    Coverage coverage;
    std::map<uint32_t, RejectCounts> rejected_of;  // By slot.
  };

  uint32_t InternEndpoint(uint64_t hash, const EndpointTable::Names& names);
  PeriodState& StateAt(int64_t time_ms);
  const CallGroup* LikelyGroupOf(uint32_t endpoint) const;
  CallGroup& GroupOf(PeriodState* period, uint32_t endpoint);
  Status Collect(const Span& span, uint64_t hash, uint32_t endpoint);
  Status KeepWithinMemory();
  void CollectRejected(const RejectedRecord& record);
  Status SummarizeGroup(const CallGroup& group, const FragmentOutline::Endpoint& endpoint,
                        StatRow* row);

  AggregatorOptions options_;
  EndpointTable endpoints_;
  std::vector<EndpointInfo> infos_;  // By endpoint.
  std::map<int64_t, PeriodState> periods_;
  PeriodState* last_period_ = nullptr;  // Spans come nearly in order of time.
  std::vector<CallGroup> groups_;
  size_t group_bytes_ = 0;  // What the groups hold beside themselves.
  size_t inexact_groups_ = 0;
  RejectCounts unplaced_;
  uint64_t filtered_ = 0;
  Summarizer summarizer_;
};

}  // namespace tymbal::worker
