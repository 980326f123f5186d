#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/coverage.h"
#include "common/endpoint_stat.h"
#include "common/period.h"
#include "common/slot_set.h"
#include "common/span.h"
#include "common/status.h"

namespace tymbal::worker {

/// Which spans are wanted.
struct SpanQuery {
  /// Half-open range of start times; nothing: all that the source has.
  std::optional<Period> range;
  /// A source that can't tell slots apart gives all spans; the aggregator drops the foreign ones.
  SlotSet slots = SlotRange{0, kSlotsDefault};
  uint32_t slot_count = kSlotsDefault;
};

/// A record that doesn't count.
struct RejectedRecord {
  RejectReason reason = RejectReason::kMalformed;
  std::optional<int64_t> start_ms;
  /// The slot that it belongs to: that of its names, or the one that it carries; nothing: it has
  /// neither, and belongs to the slot of the empty endpoint.
  std::optional<uint32_t> slot = {};
};

/// What one call of Next() brings. Reused from call to call, so it costs no allocation.
struct SpanBatch {
  std::vector<Span> spans;
  std::vector<RejectedRecord> rejected;
  uint64_t filtered = 0;  ///< Records that the profile doesn't count.

  /// Adds a span to be set in its place. To copy one that was just written waits for the
  /// processor's store buffer, and to make one of nothing zeroes it with a slow instruction first.
  Span& AddSpan() {
    static constexpr Span kNone;
    return spans.emplace_back(kNone);
  }

  void Clear() {
    spans.clear();
    rejected.clear();
    filtered = 0;
  }
};

/// Reads spans. Thread: confined to one; calls block.
class SpanReader {
 public:
  virtual ~SpanReader() = default;

  /// Replaces the content of `batch` with the next spans, whose texts are valid until the next
  /// call. Returns false at the end, and then the batch is empty. After an error the reader is
  /// dead, and what was read is not the whole: throw it away (I6).
  virtual Result<bool> Next(SpanBatch* batch) = 0;
};

/// A call among the slowest whose ids were not read; see SpanSource::FindIds.
struct CallToFind {
  std::string_view app;
  std::string_view service;
  std::string_view method;
  uint64_t duration_us = 0;
  int64_t start_ms = 0;
  std::vector<SlowCall> found = {};  ///< All calls of this endpoint, duration and start.
};

/// Where spans come from: files, a search server. One object serves one query at a time.
class SpanSource {
 public:
  virtual ~SpanSource() = default;

  /// Opens `parallelism` readers that share the work: together they bring each span of `query`
  /// once. Each may be used by another thread. The source must outlive them.
  virtual Result<std::vector<std::unique_ptr<SpanReader>>> Open(const SpanQuery& query,
                                                                size_t parallelism) = 0;

  /// Returns how many records the readers of a query must bring, by a count that doesn't depend on
  /// the reading: rejected ones included, and those that the profile doesn't count or that are of
  /// foreign slots, where the readers bring them. Nothing where the source has no such count
  /// (files: what is there is what is read). REQUIRES: the query was opened, and read to its end.
  virtual Result<std::optional<uint64_t>> Expected(const SpanQuery& query) = 0;

  /// Returns whether spans were brought without the ids that they have.
  virtual bool OwesIds() const { return false; }
  /// Finds the calls of the same query again, with their ids. REQUIRES: OwesIds(), and all was
  /// read.
  virtual Status FindIds(const SpanQuery& /*query*/, std::vector<CallToFind>* /*calls*/) {
    return Status::Ok();
  }

  /// Returns what people call this input, for instance the file names.
  virtual std::string Describe() const = 0;
};

}  // namespace tymbal::worker
