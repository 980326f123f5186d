#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "common/coverage.h"
#include "common/row_feed.h"
#include "common/slot.h"
#include "common/status.h"
#include "worker/aggregator.h"

namespace tymbal::cli {

/// The endpoints of a period whose slots are in a range.
struct SummaryPart {
  int64_t start_ms = 0;
  SlotRange slots;
  bool operator==(const SummaryPart&) const = default;
};

/// The results of a part. Its rows are computed while they are fed, perhaps within a transaction.
struct PartSummary {
  Coverage coverage;
  RowFeed rows;  ///< In ascending order of endpoint_id. Must not outlive the SummaryAhead.
};

/// Summarizes the periods of an aggregator piece by piece, one piece ahead of who commits them: the
/// next one is computed on a thread of its own while a store writes this one. So at most two pieces
/// are in memory, however many endpoints there are. Used by RunJob; the aggregator must outlive it,
/// and be changed by nobody else meanwhile. Thread: confined to one.
class SummaryAhead {
 public:
  /// Fewer, and statements and threads are begun too often; more need memory for nothing.
  static constexpr size_t kPieceRows = 512;

  explicit SummaryAhead(worker::Aggregator* aggregator, size_t piece_rows = kPieceRows)
      : aggregator_(aggregator), piece_rows_(piece_rows) {}

  /// Returns the results of a part, and begins with the first of them; feeding the last begins with
  /// `next`: what will probably be taken after it. Errors of the feed: those of
  /// Aggregator::Summarize.
  PartSummary Take(const SummaryPart& part, const std::optional<SummaryPart>& next);

  /// Forgets the spans of a period; see Aggregator::Forget.
  void Forget(int64_t start_ms);

  /// For reading only, which goes well with a piece's being computed.
  const worker::Aggregator& aggregator() const { return *aggregator_; }

 private:
  using Rows = std::vector<StatRow>;
  using Outline = std::shared_ptr<const worker::FragmentOutline>;
  struct Piece {
    SummaryPart part;
    size_t first = 0;  // Of its endpoints.
    bool operator==(const Piece&) const = default;
  };
  struct Computed {
    Outline outline;  // Of the part.
    Result<Rows> rows;
  };
  struct Pending {
    Piece piece;
    // Waits for it when it is destroyed.
    std::shared_future<std::shared_ptr<Computed>> computed;
  };

  Status Feed(const Outline& outline, const SummaryPart& part,
              const std::optional<SummaryPart>& next, const RowFeed::Take& take);
  Result<Rows> RowsOf(const Piece& piece, const Outline& outline);
  void Foresee(const Piece& piece, Outline outline);

  worker::Aggregator* const aggregator_;
  const size_t piece_rows_;
  std::optional<Pending> pending_;
  /// Rows that were taken. Their memory is used again: a row is a dozen pieces of the heap, and
  /// threads would wait for each other to free them.
  Rows spent_;
};

}  // namespace tymbal::cli
