#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/period.h"
#include "common/status.h"
#include "search/search_client.h"
#include "search/search_view.h"
#include "search/time_field.h"
#include "worker/slice_queue.h"

namespace tymbal::worker {

/// Returns the `query` member of a search for the records of a part within `range`. `clauses`: each
/// with a comma before it.
std::string QueryMember(const search::TimeField& time, const Period& range,
                        const std::string& clauses);

/// Counts the records of some parts of a query, stretch by stretch.
class SliceCounter {
 public:
  SliceCounter(search::SearchClient* client, search::SearchView* view,
               const search::TimeField* time)
      : client_(client), view_(view), time_(time) {}

  /// Returns the stretches of `range` that hold records of the part, in order of time. Errors:
  /// those of SearchClient; kBadInput when records have several values in the time field.
  /// Counts the values of `columns` as well.
  Result<std::vector<Slice>> Count(size_t part, const std::string& clauses, const Period& range,
                                   const std::vector<std::string>& columns = {});

  /// Returns whether each record that was counted last has exactly one value in each column.
  bool has_single_values() const { return has_single_values_; }

 private:
  Result<std::vector<Slice>> CountByHistogram(size_t part, const std::string& query,
                                              const Period& range, int64_t interval_ms,
                                              const std::vector<std::string>& columns);
  Result<std::vector<Slice>> CountByFilters(size_t part, const std::string& query,
                                            const Period& range, int64_t interval_ms);
  search::SearchClient* const client_;
  search::SearchView* const view_;
  const search::TimeField* const time_;
  bool has_single_values_ = false;
};

}  // namespace tymbal::worker
