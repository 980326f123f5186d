#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/status.h"
#include "search/index_catalog.h"
#include "worker/profile.h"

namespace tymbal::worker {

/// How spans are made of the columns (doc values) of an index, instead of whole documents.
struct ColumnLayout {
  /// The profile with the names of columns for paths: for a Decoder of Form::kColumns.
  Profile profile;
  /// `docvalue_fields`, as JSON: of all that a span has, and without the ids.
  std::string fields;
  std::string fields_without_ids;
  /// The same without the start, which is quicker had as the sort value: to write a date costs a
  /// server as much as two other columns. Empty: the start is no single date in ms.
  std::string fields_without_start;
  /// Columns that lack long texts: documents without a value there must be read whole.
  std::vector<std::string> doubtful;
};

/// Errors: kNotFound with the reason why spans can't be made of columns alone: what a document says
/// would not be what the columns say.
Result<ColumnLayout> DescribeColumns(const Profile& profile, const search::IndexSet& indices);

}  // namespace tymbal::worker
