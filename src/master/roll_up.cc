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

/// `value` is a whole number, as durations are. It is at most the square of their sum, 2^126, and
/// so are all of them together.
Status AddSquares(Uint128* sum, double value) {
  if (!(value >= 0 && value <= 0x1p126)) return Exhausted("a sum of squares passes 2^126");
  *sum += static_cast<Uint128>(value);
  return Status::Ok();
}

/// Returns the entry of a name: a new one where there is none, without a copy of the name else.
template <typename Entries>
auto& Entry(Entries* entries, const std::string& name) {
  const auto found = entries->find(name);
  return found != entries->end() ? found->second : (*entries)[name];
}

}  // namespace

Status RollUp::Add(const StatRow& row) {
  TYMBAL_CHECK(row.level == Level::kMethod, "only methods are added up");
  App& app = Entry(&apps_, row.name.app);
  Total& service = Entry(&app.services, row.name.service);
  const auto add = [&]() -> Status {
    TYMBAL_RETURN_IF_ERROR(AddNumbers(&service, row.stat));
    return AddHistogram(&service, row.stat.histogram);
  };
  if (Status s = add(); !s.ok()) {
    return s.WithContext("service " + row.name.app + " " + row.name.service);
  }
  if (Status s = AddNumbers(&app.total, row.stat); !s.ok()) {
    return s.WithContext("app " + row.name.app);
  }
  ranking_.Add(row);
  return Status::Ok();
}

Status RollUp::AddNumbers(Total* total, const EndpointStat& stat) {
  TYMBAL_RETURN_IF_ERROR(AddSquares(&total->duration_sumsq, stat.duration_sumsq));
  EndpointStat& sum = total->stat;
  if (total->methods++ == 0) {
    sum = stat;
    return Status::Ok();
  }
  TYMBAL_RETURN_IF_ERROR(AddChecked(&sum.calls, stat.calls));
  TYMBAL_RETURN_IF_ERROR(AddChecked(&sum.duration_sum_us, stat.duration_sum_us));
  sum.errors += stat.errors;  // These are at most the calls.
  sum.satisfied += stat.satisfied;
  sum.tolerating += stat.tolerating;
  sum.min_us = std::min(sum.min_us, stat.min_us);
  sum.max_us = std::max(sum.max_us, stat.max_us);
  return Status::Ok();
}

Status RollUp::AddHistogram(Total* total, const std::string& histogram) {
  total->histograms.push_back(histogram);
  total->histogram_bytes += histogram.size();
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

Result<StatRow> RollUp::FinishRow(Level level, EndpointName name, Total* total) {
  StatRow row;
  row.level = level;
  row.name = std::move(name);
  row.endpoint_id = EndpointId(row.level, row.name);
  row.stat = std::move(total->stat);
  if (total->methods > 1) {
    TYMBAL_RETURN_IF_ERROR(Compact(total));
    row.stat.percentile_us = HistogramPercentiles(scratch_, row.stat.min_us, row.stat.max_us);
    row.stat.duration_sumsq = static_cast<double>(total->duration_sumsq);
    row.stat.exact = false;
  }
  row.stat.histogram = std::move(total->histograms.front());
  return row;
}

Result<Publication> RollUp::Finish() {
  Publication publication;
  std::vector<StatRow>& rows = publication.rollup_rows;
  for (auto& [app_name, app] : apps_) {
    for (auto& [service_name, service] : app.services) {
      TYMBAL_ASSIGN_OR_RETURN(StatRow row,
                              FinishRow(Level::kService, {app_name, service_name, ""}, &service));
      // What was merged for a service is not merged again, method by method, for its app.
      TYMBAL_RETURN_IF_ERROR(AddHistogram(&app.total, row.stat.histogram));
      rows.push_back(std::move(row));
    }
    TYMBAL_ASSIGN_OR_RETURN(StatRow row, FinishRow(Level::kApp, {app_name, "", ""}, &app.total));
    rows.push_back(std::move(row));
  }
  apps_.clear();
  std::sort(rows.begin(), rows.end(),
            [](const StatRow& a, const StatRow& b) { return a.endpoint_id < b.endpoint_id; });
  publication.ranking = ranking_.Finish();
  return publication;
}

Status RollUpAndPublish(ResultStore* store, Epoch epoch, RunId run) {
  RollUp roll_up;
  TYMBAL_RETURN_IF_ERROR(
      store->VisitMethodRows(run, [&](const StatRow& row) { return roll_up.Add(row); }));
  TYMBAL_ASSIGN_OR_RETURN(const Publication publication, roll_up.Finish());
  return store->PublishRun(epoch, run, publication);
}

}  // namespace tymbal::master
