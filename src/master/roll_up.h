#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/endpoint_stat.h"
#include "common/histogram.h"
#include "common/ids.h"
#include "common/result_store.h"
#include "common/status.h"

namespace tymbal::master {

/// Adds method rows up to service rows and app rows: counts, sums, min and max exactly, percentiles
/// from the merged histograms (`exact` = false), but for a service or app of a single method, whose
/// numbers are the method's. The result doesn't depend on how rows were divided into fragments,
/// only on their order, which is that of endpoint_id. Thread: confined to one.
class RollUp {
 public:
  /// REQUIRES: a row of Level::kMethod. Errors: kInternal for a damaged histogram, kExhausted when
  /// a count or sum passes kStoredMax.
  Status Add(const StatRow& row);

  /// Returns the rows of both levels in ascending order of endpoint_id.
  Result<std::vector<StatRow>> Finish();

 private:
  struct Total {
    EndpointStat stat;
    size_t methods = 0;
    std::vector<std::string> histograms;  // Not merged yet.
    size_t histogram_bytes = 0;
  };
  struct App {
    Total total;  // Its histograms are those of its services, once they are finished.
    std::map<std::string, Total, std::less<>> services;
  };

  static Status AddNumbers(Total* total, const EndpointStat& stat);
  Status AddHistogram(Total* total, const std::string& histogram);
  Status Compact(Total* total);
  Result<StatRow> FinishRow(Level level, EndpointName name, Total* total);

  std::map<std::string, App, std::less<>> apps_;
  Histogram scratch_;
};

/// Computes a run's service and app rows and publishes it. Errors: those of the store.
Status RollUpAndPublish(ResultStore* store, Epoch epoch, RunId run);

}  // namespace tymbal::master
