#include "cli/summary_ahead.h"

#include <memory>
#include <utility>

namespace tymbal::cli {

PartSummary SummaryAhead::Take(const SummaryPart& part, const std::optional<SummaryPart>& next) {
  const auto outline = std::make_shared<const worker::FragmentOutline>(
      aggregator_->Outline(part.start_ms, part.slots));
  return {outline->coverage, RowFeed([=, this](const RowFeed::Take& take) {
            return Feed(outline, part, next, take);
          })};
}

Status SummaryAhead::Feed(const Outline& outline, const SummaryPart& part,
                          const std::optional<SummaryPart>& next, const RowFeed::Take& take) {
  const size_t count = outline->endpoints.size();
  size_t first = 0;
  do {
    TYMBAL_ASSIGN_OR_RETURN(std::vector<StatRow> rows, RowsOf({part, first}, outline));
    first += rows.size();
    if (first < count) {
      Foresee({part, first}, outline);
    } else if (next) {
      Foresee({*next, 0}, nullptr);
    }
    const Status taken = take(rows);
    spent_ = std::move(rows);
    TYMBAL_RETURN_IF_ERROR(taken);
  } while (first < count);
  return Status::Ok();
}

SummaryAhead::Rows SummaryAhead::RowsOf(const Piece& piece, const Outline& outline) {
  if (pending_ && pending_->piece == piece) {
    Rows rows = pending_->rows.get();
    pending_.reset();
    return rows;
  }
  pending_.reset();  // The aggregator computes for one at a time.
  return Compute(piece, *outline, std::move(spent_));
}

/// `outline`: of the part; null: it must be made.
void SummaryAhead::Foresee(const Piece& piece, const Outline& outline) {
  auto compute = [this, piece, outline, spent = std::move(spent_)]() mutable {
    if (outline != nullptr) return Compute(piece, *outline, std::move(spent));
    const SummaryPart& part = piece.part;
    return Compute(piece, aggregator_->Outline(part.start_ms, part.slots), std::move(spent));
  };
  pending_ = Pending{piece, std::async(std::launch::async, std::move(compute))};
}

SummaryAhead::Rows SummaryAhead::Compute(const Piece& piece, const worker::FragmentOutline& outline,
                                         std::vector<StatRow> rows) {
  TYMBAL_RETURN_IF_ERROR(aggregator_->Summarize(outline, piece.first, piece_rows_, &rows));
  return rows;
}

void SummaryAhead::Forget(int64_t start_ms) {
  if (pending_) pending_->rows.wait();
  aggregator_->Forget(start_ms);
}

}  // namespace tymbal::cli
