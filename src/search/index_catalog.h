#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/period.h"
#include "common/status.h"
#include "search/search_client.h"
#include "search/server_version.h"

namespace tymbal::search {

/// A field of an index set, over all its indices.
struct IndexField {
  std::set<std::string> types;       ///< As the mappings say: keyword, long, date, ...
  bool doc_values = true;            ///< In every index that has it.
  bool indexed = true;               ///< The same.
  bool normalized = false;           ///< A normalizer changes its texts in some index.
  size_t indices = 0;                ///< How many have it.
  int64_t ignore_above = INT64_MAX;  ///< The least.

  bool IsText() const { return types == std::set<std::string>{"text"}; }
  bool IsKeyword() const {
    return types == std::set<std::string>{"keyword"} ||
           types == std::set<std::string>{"constant_keyword"};
  }
  bool IsDate() const {
    return types == std::set<std::string>{"date"} || types == std::set<std::string>{"date_nanos"} ||
           types == std::set<std::string>{"date", "date_nanos"};
  }
  bool IsNumber() const;
};

/// The indices that a pattern names.
struct IndexSet {
  std::vector<std::string> open;  ///< In order of their names.
  std::vector<std::string> closed;
  int64_t result_window = 10'000;  ///< The least `max_result_window` of the open ones.
  int64_t shards = 0;              ///< Of all open ones; a search must have asked as many.
  std::map<std::string, IndexField> fields;  ///< Of those asked for; the others are absent.

  const IndexField* Find(const std::string& field) const {
    const auto found = fields.find(field);
    return found == fields.end() ? nullptr : &found->second;
  }
};

/// Asks which indices `pattern` names, and what they know of `fields`. Errors: those of
/// SearchClient; kNotFound when no index is there, with the pattern.
Result<IndexSet> ReadIndexSet(SearchClient* client, const ServerVersion& version,
                              const std::string& pattern, const std::vector<std::string>& fields);

/// Returns the UTC day that an index name ends with ("jaeger-span-2026-11-22", "…-2026.11.22",
/// "segment-20261122", also followed by an hour or by a generation), as a period of 24 hours.
std::optional<Period> DayOfIndexName(std::string_view name);

/// Returns whether a span of `range` may be in an index of this name: not when the name says
/// another day, give or take one for servers that count days in their own zone.
bool MayHold(std::string_view index_name, const Period& range);

/// Returns `text` for the path of a URL: whatever isn't unreserved, '*' or ',' is escaped.
std::string EscapePath(std::string_view text);

}  // namespace tymbal::search
