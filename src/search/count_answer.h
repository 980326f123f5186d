#pragma once

#include <simdjson.h>

#include <cstdint>
#include <memory>

#include "common/status.h"
#include "search/http_client.h"
#include "search/search_view.h"

namespace tymbal::search {

/// The answer to a search that counts: no hits, but their number, and aggregations. Only for
/// sources (.cc) that look into the aggregations: it brings simdjson along.
class CountAnswer {
 public:
  /// Reads an answer and checks that it is whole. Errors: kUnavailable when it isn't, or is no
  /// answer of a search, or its number of hits is only a bound.
  static Result<CountAnswer> Parse(const HttpBody& body, SearchView* view);

  uint64_t total() const { return total_; }
  simdjson::dom::element root() const { return root_; }

 private:
  CountAnswer() : parser_(std::make_unique<simdjson::dom::parser>()) {}

  std::unique_ptr<simdjson::dom::parser> parser_;  // Holds what root_ points to.
  simdjson::dom::element root_;
  uint64_t total_ = 0;
};

}  // namespace tymbal::search
