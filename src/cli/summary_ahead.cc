#include "cli/summary_ahead.h"

#include <memory>
#include <utility>

namespace tymbal::cli {

PartSummary SummaryAhead::Take(const SummaryPart& part, const std::optional<SummaryPart>& next) {
  const Piece first{part, 0};
  if (!pending_ || pending_->piece != first) Foresee(first, nullptr);
  const Outline outline = pending_->computed.get()->outline;
  return {outline->coverage, RowFeed([=, this](const RowFeed::Take& take) {
            return Feed(outline, part, next, take);
          })};
}

Status SummaryAhead::Feed(const Outline& outline, const SummaryPart& part,
                          const std::optional<SummaryPart>& next, const RowFeed::Take& take) {
  const size_t count = outline->endpoints.size();
  size_t first = 0;
  do {
    TYMBAL_ASSIGN_OR_RETURN(Rows rows, RowsOf({part, first}, outline));
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

Result<SummaryAhead::Rows> SummaryAhead::RowsOf(const Piece& piece, const Outline& outline) {
  if (!pending_ || pending_->piece != piece) Foresee(piece, outline);
  const std::shared_ptr<Computed> computed = pending_->computed.get();
  pending_.reset();
  return std::move(computed->rows);
}

/// `outline`: of the part; null: it must be made.
void SummaryAhead::Foresee(const Piece& piece, Outline outline) {
  pending_.reset();  // The aggregator computes for one at a time.
  auto compute = [this, piece, outline = std::move(outline), rows = std::move(spent_)]() mutable {
    if (outline == nullptr) {
      outline = std::make_shared<const worker::FragmentOutline>(
          aggregator_->Outline(piece.part.start_ms, piece.part.slots));
    }
    const Status status = aggregator_->Summarize(*outline, piece.first, piece_rows_, &rows);
    return std::make_shared<Computed>(
        Computed{outline, status.ok() ? Result<Rows>(std::move(rows)) : Result<Rows>(status)});
  };
  pending_ = Pending{piece, std::async(std::launch::async, std::move(compute)).share()};
}

void SummaryAhead::Forget(int64_t start_ms) {
  if (pending_) pending_->computed.wait();
  aggregator_->Forget(start_ms);
}

}  // namespace tymbal::cli
