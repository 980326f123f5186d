#include "master/roll_up.h"

#include <algorithm>
#include <utility>

namespace tymbal::master {
namespace {

/// Merging is cheap per histogram and dear per merge: wait until there are many.
constexpr size_t kPendingBytesMax = 64 * 1024;

Status AddChecked(uint64_t* sum, uint64_t value) {
  if (__builtin_add_overflow(*sum, value, sum) || *sum > kStoredMax) {
    return Exhausted("a count or sum of durations passes 2^63");
  }
  return Status::Ok();
}

}  // namespace

Status RollUp::Add(const StatRow& row) {
  TYMBAL_CHECK(row.level == Level::kMethod, "only methods are added up");
  const Key service{Level::kService, {row.name.app, row.name.service, ""}};
  const Key app{Level::kApp, {row.name.app, "", ""}};
  for (const Key& key : {service, app}) {
    if (Status s = AddTo(&totals_[key], row.stat); !s.ok()) {
      return s.WithContext(std::string(LevelName(key.first)) + " " + key.second.app + " " +
                           key.second.service);
    }
  }
  return Status::Ok();
}

Status RollUp::AddTo(Total* total, const EndpointStat& stat) {
  EndpointStat& sum = total->stat;
  if (total->methods++ == 0) {
    sum = stat;
    total->histograms.push_back(std::exchange(sum.histogram, {}));
    total->histogram_bytes = stat.histogram.size();
    return Status::Ok();
  }
  TYMBAL_RETURN_IF_ERROR(AddChecked(&sum.calls, stat.calls));
  TYMBAL_RETURN_IF_ERROR(AddChecked(&sum.duration_sum_us, stat.duration_sum_us));
  sum.errors += stat.errors;  // These are at most the calls.
  sum.satisfied += stat.satisfied;
  sum.tolerating += stat.tolerating;
  sum.duration_sumsq += stat.duration_sumsq;
  sum.min_us = std::min(sum.min_us, stat.min_us);
  sum.max_us = std::max(sum.max_us, stat.max_us);
  total->histograms.push_back(stat.histogram);
  total->histogram_bytes += stat.histogram.size();
  return total->histogram_bytes > kPendingBytesMax ? Compact(total) : Status::Ok();
}

/// Leaves the merged histogram in `scratch_` and, encoded, as the only pending one.
Status RollUp::Compact(Total* total) {
  scratch_.Clear();
  for (const std::string& histogram : total->histograms) {
    TYMBAL_RETURN_IF_ERROR(scratch_.MergeEncoded(histogram));
  }
  total->histograms = {scratch_.Encode()};
  total->histogram_bytes = total->histograms.front().size();
  return Status::Ok();
}

Result<std::vector<StatRow>> RollUp::Finish() {
  std::vector<StatRow> rows;
  for (auto& [key, total] : totals_) {
    StatRow row;
    row.level = key.first;
    row.name = key.second;
    row.endpoint_id = EndpointId(row.level, row.name);
    row.stat = std::move(total.stat);
    if (total.methods > 1) {
      TYMBAL_RETURN_IF_ERROR(Compact(&total));
      row.stat.percentile_us = HistogramPercentiles(scratch_, row.stat.min_us, row.stat.max_us);
      row.stat.exact = false;
    }
    row.stat.histogram = std::move(total.histograms.front());
    rows.push_back(std::move(row));
  }
  totals_.clear();
  std::sort(rows.begin(), rows.end(),
            [](const StatRow& a, const StatRow& b) { return a.endpoint_id < b.endpoint_id; });
  return rows;
}

Status RollUpAndPublish(ResultStore* store, Epoch epoch, RunId run) {
  RollUp roll_up;
  TYMBAL_RETURN_IF_ERROR(
      store->VisitMethodRows(run, [&](const StatRow& row) { return roll_up.Add(row); }));
  TYMBAL_ASSIGN_OR_RETURN(const std::vector<StatRow> rows, roll_up.Finish());
  return store->PublishRun(epoch, run, rows);
}

}  // namespace tymbal::master
