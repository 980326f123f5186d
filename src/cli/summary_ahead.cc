#include "cli/summary_ahead.h"

#include <utility>

namespace tymbal::cli {

Result<worker::FragmentResult> SummaryAhead::Take(const SummaryPart& part,
                                                  const std::optional<SummaryPart>& next) {
  const auto summarize = [aggregator = aggregator_](const SummaryPart& wanted) {
    return aggregator->Summarize(wanted.start_ms, wanted.slots);
  };
  const bool foreseen = pending_ && pending_->part == part;
  if (pending_ && !foreseen) pending_.reset();
  Result<worker::FragmentResult> result = foreseen ? pending_->result.get() : summarize(part);
  pending_.reset();
  if (next) pending_ = Pending{*next, std::async(std::launch::async, summarize, *next)};
  return result;
}

void SummaryAhead::Forget(int64_t start_ms) {
  if (pending_) pending_->result.wait();
  aggregator_->Forget(start_ms);
}

}  // namespace tymbal::cli
