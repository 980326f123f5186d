#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/status.h"
#include "search/index_catalog.h"
#include "search/time_field.h"
#include "worker/profile.h"

namespace tymbal::worker {

/// A field whose values the index keeps in columns (doc values), and where they come from.
struct ColumnField {
  std::string name;  ///< In the index; may be a sub-field such as "method.keyword".
  FieldPath path;    ///< In the profile.
  /// Whether documents with a value may lack it in the column: it was too long (`ignore_above`), or
  /// their index doesn't map the field.
  bool may_lack = false;
};

/// What an index set offers to a profile. A value: what `tymbal index check` explains and the
/// search source goes by.
struct IndexLayout {
  search::TimeField time;
  /// The field with the documents' slots; empty: there is none that can be filtered by.
  std::string slot_field;
  /// The columns with the names of an endpoint. Set unless `no_groups` is.
  ColumnField app;
  std::optional<ColumnField> service;  ///< Nothing: the service is empty.
  ColumnField method;
  std::string no_groups;  ///< Why endpoints can't be listed by the server; empty: they can.
  /// Clauses (JSON) that every document that counts fulfils, as far as the server can tell; the
  /// decoder tells for sure.
  std::vector<std::string> clauses;
  /// What the server can't be asked for, so that such documents are read and dropped.
  std::string unfiltered;

  /// Returns the clauses in one text, each with a comma before it: to stand behind others.
  std::string JoinedClauses() const;
};

/// Returns the fields of the index that `profile` is interested in, with the sub-fields that may
/// stand for them.
std::vector<std::string> FieldsOf(const Profile& profile);

/// Errors: kBadInput when the index can't be read with this profile at all, with the cure.
Result<IndexLayout> DescribeIndex(const Profile& profile, const search::IndexSet& indices,
                                  const search::ServerVersion& version);

}  // namespace tymbal::worker
