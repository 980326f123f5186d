#pragma once

#include <cstdint>
#include <future>
#include <optional>

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

/// Summarizes the periods of an aggregator part by part, one part ahead of who commits them: the
/// next one is computed on a thread of its own while a store writes this one. At most two parts are
/// in memory. Used by RunJob; the aggregator must outlive it, and be changed by nobody else
/// meanwhile. Thread: confined to one.
class SummaryAhead {
 public:
  explicit SummaryAhead(worker::Aggregator* aggregator) : aggregator_(aggregator) {}

  /// Returns the results of a part, and begins with `next`: what will probably be taken after it.
  /// Errors: those of Aggregator::Summarize.
  Result<worker::FragmentResult> Take(const SummaryPart& part,
                                      const std::optional<SummaryPart>& next);

  /// Forgets the spans of a period; see Aggregator::Forget.
  void Forget(int64_t start_ms);

  /// For reading only, which goes well with a part's being computed.
  const worker::Aggregator& aggregator() const { return *aggregator_; }

 private:
  struct Pending {
    SummaryPart part;
    std::future<Result<worker::FragmentResult>> result;  // Waits for it when it is destroyed.
  };

  worker::Aggregator* const aggregator_;
  std::optional<Pending> pending_;
};

}  // namespace tymbal::cli
