#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/endpoint.h"
#include "common/status.h"
#include "search/search_client.h"
#include "search/search_view.h"
#include "worker/index_layout.h"

namespace tymbal::worker {

struct ListedEndpoint {
  EndpointName name;
  uint64_t records = 0;
};

/// What the server counts of a period, by the names that it has in columns.
struct EndpointListing {
  std::vector<ListedEndpoint> endpoints;
  /// Records that lack an app or a method there, or a service that their documents may have.
  uint64_t nameless = 0;
  uint64_t listed = 0;  ///< Sum of the above; more than `total` where a field has several values.
  uint64_t total = 0;   ///< Records of the period.
};

/// Lists the endpoints of the records that `filter` (clauses, joined by commas) holds for, with
/// their numbers: pages of a composite aggregation. REQUIRES: layout.no_groups is empty. Errors:
/// those of SearchClient; kExhausted when there are more endpoints than `endpoints_max`.
Result<EndpointListing> ListEndpoints(search::SearchClient* client, search::SearchView* view,
                                      const IndexLayout& layout, const std::string& filter,
                                      size_t endpoints_max);

}  // namespace tymbal::worker
