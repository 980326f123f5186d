#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/endpoint_stat.h"
#include "common/report_source.h"
#include "common/result_store.h"
#include "common/sort_key.h"
#include "common/status.h"

namespace tymbal {

/// How many methods of a run are ranked by each key: reports of a hundred rows, and one row more,
/// which tells that there are more.
inline constexpr size_t kRankedMethods = 101;

/// The keys by which methods are ranked: all numbers.
inline constexpr std::array<SortKey, 12> kRankedKeys = {
    SortKey::kCalls, SortKey::kErrors, SortKey::kErrorRate, SortKey::kSum,
    SortKey::kMean,  SortKey::kMax,    SortKey::kP50,       SortKey::kP75,
    SortKey::kP90,   SortKey::kP95,    SortKey::kP99,       SortKey::kP999};

/// Which published runs a statement of a report reads, and what of them.
enum class RunSelection {
  kAll,       ///< All rows of all runs.
  kRanked,    ///< The ranked methods of the runs that have them.
  kUnranked,  ///< All rows of the other runs, which were published without (by an older Tymbal).
};

/// Reads rows by `read`, which returns the first of a selection, in order. The ranked methods are
/// enough for a query of at most kRankedMethods rows without names: they hold the first rows of
/// each run, so those of all runs as well. Every other query reads all.
Result<std::vector<StatReportRow>> ReadBySelection(
    const StatQuery& query,
    const std::function<Result<std::vector<StatReportRow>>(RunSelection)>& read);

/// The same for the slowest calls. A call among the first `limit` of a run belongs to one of its
/// first `limit` methods by SortKey::kMax, if each of those has kept its slowest call: else the
/// slowest calls of all those methods would stand before it. Of kRanked are the runs where they
/// have.
Result<std::vector<SlowReportRow>> ReadBySelection(
    const RowFilter& filter, size_t limit,
    const std::function<Result<std::vector<SlowReportRow>>(RunSelection)>& read);

/// Finds the first methods of one run in the order of each ranked key. Holds kRankedMethods names
/// for each key, however many rows are added. Thread: confined to one.
class MethodRanking {
 public:
  /// REQUIRES: a row of Level::kMethod, each endpoint once.
  void Add(const StatRow& row);
  /// Returns them by key and rank. The ranking is empty afterwards.
  std::vector<RankedMethod> Finish();

 private:
  struct Entry {
    uint64_t value = 0;  // See ValueOf().
    EndpointName name;
    uint64_t endpoint_id = 0;
  };
  static bool Before(const Entry& a, const Entry& b);

  /// For each key a heap whose front is the last of the entries.
  std::array<std::vector<Entry>, kRankedKeys.size()> first_;
};

}  // namespace tymbal
