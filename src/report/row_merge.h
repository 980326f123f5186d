#pragma once

#include <map>
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
  /// Errors: kExhausted when a sum exceeds kStoredMax, kInternal when a histogram is damaged.
  Status Add(const StatReportRow& row);

  /// Returns one row per endpoint in the order of names, all for `period`, without histograms.
  /// The merger is empty afterwards.
  Result<std::vector<StatReportRow>> Finish(Period period);

 private:
  struct Merged {
    StatRow row;
    size_t rows = 0;
  };

  Status MergeHistograms(const EndpointName& name, EndpointStat* into, const EndpointStat& from);
  Status FinishPercentiles(EndpointStat* stat);

  std::map<EndpointName, Merged> merged_;
  Histogram scratch_;
};

}  // namespace tymbal::report
