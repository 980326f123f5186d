#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/status.h"
#include "search/hits_page.h"
#include "search/search_client.h"
#include "search/search_view.h"
#include "search/time_field.h"
#include "worker/decoder.h"
#include "worker/profile.h"
#include "worker/span_source.h"

namespace tymbal::worker {

/// Looks single calls up by their start and duration, to read the ids that columns were read
/// without. What it is given must outlive it. Thread: confined to one.
class IdFinder {
 public:
  /// `columns`: the profile of columns, for the name and unit of the duration. `documents`: decodes
  /// whole documents. `result_window`: how many hits the indices allow in an answer.
  IdFinder(search::SearchClient* client, search::SearchView* view, const search::TimeField* time,
           const Profile* columns, Decoder* documents, uint64_t result_window)
      : client_(client),
        view_(view),
        time_(time),
        columns_(columns),
        documents_(documents),
        hits_max_(std::min(kHitsMax, result_window)),
        seeks_nearby_(columns->duration_unit != TimeUnit::kNanos) {}

  /// So many calls are looked up by one request.
  static constexpr size_t kCallsAtOnce = 100;

  /// Sorts calls such that those that are quickly found together are neighbours.
  static std::vector<CallToFind*> Sort(std::vector<CallToFind>* calls);

  /// Fills in `found` of each call. `clauses`: of all records that count, each with a comma before
  /// it. REQUIRES: sorted by Sort(). Errors: those of SearchClient.
  Status Find(const std::string& clauses, std::span<CallToFind*> calls);

 private:
  static constexpr uint64_t kHitsMax = 5'000;

  Status FindSome(const std::string& clauses, std::span<CallToFind*> calls);
  Result<bool> Ask(const std::string& clauses, uint64_t hits_max, std::span<CallToFind*> calls);
  std::string NearbyClauses(std::span<CallToFind*> calls) const;
  std::string ExactClauses(std::span<CallToFind*> calls) const;
  std::string ClauseOf(const CallToFind& call) const;
  std::string DurationText(uint64_t duration_us) const;
  std::string DurationClause(uint64_t duration_us) const;
  Status Assign(const search::HitsPage& page, std::span<CallToFind*> calls);

  search::SearchClient* const client_;
  search::SearchView* const view_;
  const search::TimeField* const time_;
  const Profile* const columns_;
  Decoder* const documents_;
  const uint64_t hits_max_;
  bool seeks_nearby_;  // As long as durations don't repeat too often.
  search::HitsPageParser parser_;
};

}  // namespace tymbal::worker
