#include "common/method_ranking.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <tuple>
#include <utility>

#include "common/check.h"

namespace tymbal {
namespace {

/// Returns a number that grows with the quotient. The bits of doubles >= 0 are in the order of the
/// doubles; stores compare quotients as doubles too.
uint64_t Quotient(uint64_t dividend, uint64_t divisor) {
  return std::bit_cast<uint64_t>(static_cast<double>(dividend) / static_cast<double>(divisor));
}

/// Returns what `key` compares; meaningful beside the values of the same key only.
uint64_t ValueOf(SortKey key, const EndpointStat& stat) {
  switch (key) {
    case SortKey::kTime:
    case SortKey::kName:
      break;
    case SortKey::kCalls:
      return stat.calls;
    case SortKey::kErrors:
      return stat.errors;
    case SortKey::kErrorRate:
      return Quotient(stat.errors, stat.calls);
    case SortKey::kSum:
      return stat.duration_sum_us;
    case SortKey::kMean:
      return Quotient(stat.duration_sum_us, stat.calls);
    case SortKey::kMax:
      return stat.max_us;
    case SortKey::kP50:
      return stat.percentile_us[0];
    case SortKey::kP75:
      return stat.percentile_us[1];
    case SortKey::kP90:
      return stat.percentile_us[2];
    case SortKey::kP95:
      return stat.percentile_us[3];
    case SortKey::kP99:
      return stat.percentile_us[4];
    case SortKey::kP999:
      return stat.percentile_us[5];
  }
  TYMBAL_CHECK(false, "methods are not ranked by time or name");
  return 0;
}

bool IsRanked(SortKey key) {
  return std::find(kRankedKeys.begin(), kRankedKeys.end(), key) != kRankedKeys.end();
}

bool RankingAnswers(const RowFilter& filter, size_t limit) {
  const bool named = filter.app || filter.service || filter.method;
  return !named && limit > 0 && limit <= kRankedMethods;
}

bool RankingAnswers(const StatQuery& query) {
  return query.level == Level::kMethod && IsRanked(query.sort) &&
         RankingAnswers(query.filter, query.limit);
}

/// Reads both kinds of runs and merges them. No two runs have rows that are equal to `before`:
/// their periods differ.
template <typename Row, typename Before>
Result<std::vector<Row>> ReadBoth(size_t limit,
                                  const std::function<Result<std::vector<Row>>(RunSelection)>& read,
                                  Before before) {
  TYMBAL_ASSIGN_OR_RETURN(std::vector<Row> ranked, read(RunSelection::kRanked));
  TYMBAL_ASSIGN_OR_RETURN(std::vector<Row> others, read(RunSelection::kUnranked));
  if (others.empty()) return ranked;
  std::vector<Row> rows;
  rows.reserve(ranked.size() + others.size());
  std::merge(std::make_move_iterator(ranked.begin()), std::make_move_iterator(ranked.end()),
             std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()),
             std::back_inserter(rows), before);
  if (rows.size() > limit) rows.resize(limit);
  return rows;
}

}  // namespace

Result<std::vector<StatReportRow>> ReadBySelection(
    const StatQuery& query,
    const std::function<Result<std::vector<StatReportRow>>(RunSelection)>& read) {
  if (!RankingAnswers(query)) return read(RunSelection::kAll);
  return ReadBoth<StatReportRow>(
      query.limit, read, [&query](const StatReportRow& a, const StatReportRow& b) {
        const uint64_t of_a = ValueOf(query.sort, a.row.stat);
        const uint64_t of_b = ValueOf(query.sort, b.row.stat);
        if (of_a != of_b) return of_a > of_b;
        return std::tie(a.row.name, a.period) < std::tie(b.row.name, b.period);
      });
}

Result<std::vector<SlowReportRow>> ReadBySelection(
    const RowFilter& filter, size_t limit,
    const std::function<Result<std::vector<SlowReportRow>>(RunSelection)>& read) {
  if (!RankingAnswers(filter, limit)) return read(RunSelection::kAll);
  return ReadBoth<SlowReportRow>(limit, read, [](const SlowReportRow& a, const SlowReportRow& b) {
    return std::tie(b.call.duration_us, a.name, a.period) <
           std::tie(a.call.duration_us, b.name, b.period);
  });
}

bool MethodRanking::Before(const Entry& a, const Entry& b) {
  return a.value != b.value ? a.value > b.value : a.name < b.name;
}

void MethodRanking::Add(const StatRow& row) {
  TYMBAL_CHECK(row.level == Level::kMethod, "only methods are ranked");
  for (size_t i = 0; i < kRankedKeys.size(); ++i) {
    std::vector<Entry>& first = first_[i];
    const uint64_t value = ValueOf(kRankedKeys[i], row.stat);
    if (first.size() == kRankedMethods) {
      const Entry& last = first.front();
      if (value < last.value || (value == last.value && last.name < row.name)) continue;
      std::pop_heap(first.begin(), first.end(), Before);
      first.pop_back();
    }
    first.push_back({value, row.name, row.endpoint_id});
    std::push_heap(first.begin(), first.end(), Before);
  }
}

std::vector<RankedMethod> MethodRanking::Finish() {
  std::vector<RankedMethod> all;
  for (size_t i = 0; i < kRankedKeys.size(); ++i) {
    std::vector<Entry> first = std::exchange(first_[i], {});
    std::sort_heap(first.begin(), first.end(), Before);
    int64_t rank = 0;
    for (const Entry& entry : first) all.push_back({kRankedKeys[i], ++rank, entry.endpoint_id});
  }
  return all;
}

}  // namespace tymbal
