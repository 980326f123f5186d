#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "cli/run_job.h"
#include "common/coverage.h"
#include "worker/reject_sample.h"

namespace tymbal::cli {

/// What `tymbal run` has done, to be told at its end.
struct RunSummary {
  std::string store;
  std::string source;
  double read_seconds = 0;
  uint64_t filtered = 0;
  RejectCounts unplaced;  ///< Rejected records that have no usable start.
  uint64_t inexact_groups = 0;
  std::vector<PeriodOutcome> periods;
  std::vector<worker::RejectSample> samples;
  std::vector<std::string> empty_files;
  std::vector<std::string> warnings;

  /// Returns all rejected records, placed and unplaced.
  RejectCounts Rejected() const;
  uint64_t Counted() const;
};

/// Writes for people: a table of periods, the rejected records with examples, what to try next.
void WriteSummary(const RunSummary& summary, std::ostream& out);

/// Writes one JSON object; docs/cli.md lists its members.
void WriteSummaryJson(const RunSummary& summary, std::ostream& out);

}  // namespace tymbal::cli
