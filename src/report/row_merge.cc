#include "report/row_merge.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/text.h"

namespace tymbal::report {
namespace {

bool AddCount(uint64_t* sum, uint64_t count) {
  return !__builtin_add_overflow(*sum, count, sum) && *sum <= kStoredMax;
}

std::string Shown(const EndpointName& name) {
  return "'" + Printable(name.app + " " + name.service + " " + name.method) + "'";
}

}  // namespace

Status RowMerger::Add(const StatReportRow& row) {
  const EndpointStat& from = row.row.stat;
  if (from.calls == 0) return Status::Ok();  // Says nothing, and its min would be wrong.
  Merged& merged = merged_[row.row.name];
  if (merged.rows++ == 0) {
    merged.row = row.row;
    merged.row.slowest.clear();
    return Status::Ok();
  }
  EndpointStat& into = merged.row.stat;
  if (!AddCount(&into.calls, from.calls) || !AddCount(&into.errors, from.errors) ||
      !AddCount(&into.satisfied, from.satisfied) || !AddCount(&into.tolerating, from.tolerating) ||
      !AddCount(&into.duration_sum_us, from.duration_sum_us)) {
    return Exhausted("the sums of " + Shown(row.row.name) +
                     " over these periods are too large; choose a shorter range");
  }
  into.duration_sumsq += from.duration_sumsq;
  into.min_us = std::min(into.min_us, from.min_us);
  into.max_us = std::max(into.max_us, from.max_us);
  into.exact = false;
  // Merging costs by the size of what is merged already, so it waits until as much has come.
  merged.pending.push_back(from.histogram);
  merged.pending_bytes += sizeof(std::string) + from.histogram.size();
  const bool enough = merged.pending_bytes > std::max(kPendingBytes, into.histogram.size());
  return enough ? MergePending(&merged) : Status::Ok();
}

Status RowMerger::MergePending(Merged* merged) {
  EndpointStat& stat = merged->row.stat;
  scratch_.Clear();
  merged->pending.push_back(std::move(stat.histogram));
  for (const std::string& histogram : merged->pending) {
    if (const Status status = scratch_.MergeEncoded(histogram); !status.ok()) {
      return status.WithContext(Shown(merged->row.name));
    }
  }
  merged->pending.clear();
  merged->pending_bytes = 0;
  if (scratch_.count() != stat.calls) {
    return Internal("the stored histograms of " + Shown(merged->row.name) + " hold " +
                    std::to_string(scratch_.count()) + " calls and not " +
                    std::to_string(stat.calls));
  }
  stat.histogram = scratch_.Encode();
  return Status::Ok();
}

Result<std::vector<StatReportRow>> RowMerger::Finish(Period period) {
  std::vector<StatReportRow> rows;
  rows.reserve(merged_.size());
  for (auto& [name, merged] : merged_) {
    if (merged.rows > 1) {
      TYMBAL_RETURN_IF_ERROR(MergePending(&merged));
      EndpointStat& stat = merged.row.stat;
      stat.percentile_us = HistogramPercentiles(scratch_, stat.min_us, stat.max_us);
    }
    merged.row.stat.histogram.clear();
    rows.push_back({period, std::move(merged.row)});
  }
  merged_.clear();
  return rows;
}

}  // namespace tymbal::report
