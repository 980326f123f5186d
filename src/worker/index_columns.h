#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "search/index_catalog.h"
#include "worker/profile.h"

namespace tymbal::worker {

/// What a dynamic mapping calls the keyword beside a text.
inline constexpr std::string_view kKeywordSuffix = ".keyword";

/// Returns whether a path names a field, not an entry of a list of objects.
bool IsPlain(const FieldPath& path);

/// Returns the column (doc values) that holds a path's values as the documents have them: the field
/// itself, or, for a text, its sub-field `.keyword`. Nothing: there is none.
std::optional<std::string> ColumnOf(const search::IndexSet& indices, const FieldPath& path,
                                    bool text);

/// Returns why there is none, in words.
std::string WhyNoColumn(const search::IndexSet& indices, const std::string& path);

}  // namespace tymbal::worker
