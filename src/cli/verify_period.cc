#include "cli/verify_period.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "common/endpoint_stat.h"
#include "common/text.h"

namespace tymbal::cli {
namespace {

constexpr size_t kExamplesMax = 3;

bool SameNumbers(const EndpointStat& a, const EndpointStat& b) {
  if (a.calls != b.calls || a.errors != b.errors || a.satisfied != b.satisfied ||
      a.tolerating != b.tolerating || a.duration_sum_us != b.duration_sum_us ||
      a.min_us != b.min_us || a.max_us != b.max_us) {
    return false;
  }
  return !a.exact || !b.exact || a.percentile_us == b.percentile_us;
}

std::string Describe(const EndpointStat* stat) {
  if (stat == nullptr) return "nothing";
  return fmt::format("{} calls, {} errors, {} us in all", stat->calls, stat->errors,
                     stat->duration_sum_us);
}

}  // namespace

Result<Verdict> ComparePeriod(ReportSource* store, const PeriodReportRow& published,
                              worker::Aggregator* aggregator, uint32_t slots) {
  StatQuery query;
  query.filter.from_ms = published.period.start_ms;
  query.filter.to_ms = published.period.start_ms + 1;
  query.sort = SortKey::kName;
  query.limit = 0;
  TYMBAL_ASSIGN_OR_RETURN(const std::vector<StatReportRow> rows, store->ReadStats(query));
  TYMBAL_ASSIGN_OR_RETURN(const worker::FragmentResult again,
                          aggregator->Summarize(published.period.start_ms, SlotRange{0, slots}));

  Verdict verdict;
  verdict.period = published.period;
  verdict.stored_rejected = published.coverage.rejected.Total();
  verdict.source_rejected = again.coverage.rejected.Total();
  // What each of the two says of an endpoint; nullptr: nothing.
  std::map<EndpointName, std::pair<const EndpointStat*, const EndpointStat*>> methods;
  for (const StatReportRow& row : rows) {
    methods[row.row.name].first = &row.row.stat;
    verdict.stored_calls += row.row.stat.calls;
  }
  for (const StatRow& row : again.rows) {
    methods[row.name].second = &row.stat;
    verdict.source_calls += row.stat.calls;
  }
  verdict.methods = methods.size();
  for (const auto& [name, stats] : methods) {
    const auto& [stored, read] = stats;
    if (stored != nullptr && read != nullptr && SameNumbers(*stored, *read)) continue;
    ++verdict.different;
    if (verdict.examples.size() == kExamplesMax) continue;
    verdict.examples.push_back(fmt::format(
        "{} / {} / {}: the store has {}, the source {}", Printable(name.app),
        Printable(name.service), Printable(name.method), Describe(stored), Describe(read)));
  }
  return verdict;
}

}  // namespace tymbal::cli
