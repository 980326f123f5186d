#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/period.h"
#include "common/report_source.h"
#include "common/status.h"
#include "worker/aggregator.h"

namespace tymbal::cli {

/// How the store and the source differ about one published period.
struct Verdict {
  Period period;
  uint64_t stored_calls = 0;
  uint64_t source_calls = 0;
  uint64_t stored_rejected = 0;
  uint64_t source_rejected = 0;
  uint64_t methods = 0;               ///< That either of them has.
  uint64_t different = 0;             ///< Of these, with other numbers.
  std::vector<std::string> examples;  ///< Some of them, in words.

  bool same() const { return different == 0 && stored_rejected == source_rejected; }
};

/// Compares a published period with what was read again. Counts, errors, sums, minima and maxima
/// must be equal; percentiles, where both are exact. REQUIRES: `aggregator` read the whole period.
Result<Verdict> ComparePeriod(ReportSource* store, const PeriodReportRow& published,
                              worker::Aggregator* aggregator, uint32_t slots);

}  // namespace tymbal::cli
