#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "common/histogram.h"
#include "common/report_source.h"
#include "common/status.h"

namespace tymbal::report {

/// Merges the rows of several periods into one per endpoint. Counts, sums, min and max stay exact.
/// The percentiles of an endpoint with several rows come from its merged histograms: nearest rank,
/// middle of the bucket, kept within [min, max]; such a row has exact = false. An endpoint with one
/// row keeps that. Holds an encoded histogram per endpoint. Thread: confined to one.
class RowMerger {
 public:
  /// Adds a row that was read with its histogram; all rows must be of one level.
  /// Errors: kExhausted when a sum exceeds kStoredMax, kInternal when a histogram is damaged; this
  /// may be found as late as in Finish().
  Status Add(const StatReportRow& row);

  /// Returns one row per endpoint in the order of names, all for `period`, without histograms.
  /// The merger is empty afterwards.
  Result<std::vector<StatReportRow>> Finish(Period period);

 private:
  struct Merged {
    StatRow row;
    size_t rows = 0;
    std::vector<std::string> pending;  // Histograms that are not yet in that of `row`.
    size_t pending_bytes = 0;
  };
  static constexpr size_t kPendingBytes = 2048;

  /// Merges the pending histograms into that of the row, and leaves it in `scratch_` as well.
  Status MergePending(Merged* merged);

  std::map<EndpointName, Merged> merged_;
  Histogram scratch_;
};

}  // namespace tymbal::report
