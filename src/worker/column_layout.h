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
  /// The columns that are no ids, start first, to be read as the sort values of hits: a server
  /// writes them in less than three quarters of the time. Empty: they wouldn't say the same. Where
  /// a record may lack one of them, or have several values in one, they don't either.
  std::vector<std::string> sortable;
  /// Returns the `sort` member that asks for them; empty if `sortable` is.
  std::string SortMember() const;

  /// Columns that lack long texts: documents without a value there must be read whole.
  std::vector<std::string> doubtful;
};

/// Errors: kNotFound with the reason why spans can't be made of columns alone: what a document says
/// would not be what the columns say.
Result<ColumnLayout> DescribeColumns(const Profile& profile, const search::IndexSet& indices);

}  // namespace tymbal::worker
