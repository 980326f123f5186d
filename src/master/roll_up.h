#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/endpoint_stat.h"
#include "common/histogram.h"
#include "common/ids.h"
#include "common/method_ranking.h"
#include "common/result_store.h"
#include "common/status.h"
#include "common/uint128.h"

namespace tymbal::master {

/// Adds method rows up to what is published with them. Services and apps: counts, sums, min and max
/// exactly, percentiles from the merged histograms (`exact` = false), but for a service or app of a
/// single method, whose numbers are the method's. And the ranking of the methods. The result
/// depends neither on how rows were divided into fragments nor on their order. Thread: confined to
/// one.
class RollUp {
 public:
  /// REQUIRES: a row of Level::kMethod. Errors: kInternal for a damaged histogram, kExhausted when
  /// a count or sum passes kStoredMax, or a sum of squares 2^126.
  Status Add(const StatRow& row);

  /// Returns rows of both levels in ascending order of endpoint_id. Nothing is left afterwards.
  Result<Publication> Finish();

 private:
  struct Total {
    EndpointStat stat;
    size_t methods = 0;
    Uint128 duration_sumsq = 0;           // In integers: their order doesn't matter.
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
  MethodRanking ranking_;
  Histogram scratch_;
};

/// Computes a run's service and app rows and publishes it. Errors: those of the store.
Status RollUpAndPublish(ResultStore* store, Epoch epoch, RunId run);

}  // namespace tymbal::master
