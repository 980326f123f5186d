#pragma once

#include <optional>
#include <string>

#include "common/status.h"
#include "search/index_catalog.h"
#include "search/search_client.h"
#include "search/server_version.h"
#include "worker/column_layout.h"
#include "worker/index_layout.h"
#include "worker/profile.h"
#include "worker/search_source.h"

namespace tymbal::worker {

/// What a search source will find, and how it will go about it: for people, before anything is
/// read.
struct IndexLook {
  search::ServerVersion version;
  search::IndexSet indices;
  std::optional<IndexLayout> layout;  ///< Nothing: the index can't be read with the profile.
  std::string no_layout;              ///< Why, with the cure.
  std::optional<ColumnLayout> columns;
  std::string no_columns;                ///< Why spans can't be made of columns.
  SlotRead slot_read = SlotRead::kScan;  ///< How a node will find the spans of its slots.
  std::string no_slot_read;              ///< Why that is not possible; empty: it is.
};

/// Asks for version, indices, mappings and settings. Errors: those of SearchClient and
/// ReadIndexSet.
Result<IndexLook> LookAtIndex(search::SearchClient* client, const SearchSourceOptions& options);

}  // namespace tymbal::worker
