#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/status.h"
#include "search/search_client.h"
#include "search/server_version.h"

namespace tymbal::search {

/// How new indices of Tymbal's own spans are to be made.
struct IndexSetupOptions {
  std::string index = "tymbal-span-*";  ///< Which indices: a pattern that ends in '*'.
  int64_t shards = 1;
  int64_t replicas = 1;
  std::string refresh = "5s";  ///< As servers write it: "1s", "-1".
  bool pipeline = true;        ///< Whether documents get their slot when they are indexed.
};

/// Something of ours that a cluster keeps: an index template or an ingest pipeline.
struct SetupItem {
  enum class Kind : uint8_t { kPipeline, kTemplate, kLegacyTemplate };
  Kind kind = Kind::kPipeline;
  std::string name;
  std::string path;  ///< Of the request that makes, shows and removes it.
  std::string body;  ///< JSON that makes it.

  std::string Text() const;  ///< For people: "ingest pipeline tymbal-slot".
};

/// What is there under the name of an item.
enum class SetupState : uint8_t {
  kAbsent,
  kSame,     ///< As it would be made.
  kDiffers,  ///< Ours, but otherwise.
  kForeign,  ///< Somebody else's.
};

struct FoundItem {
  SetupItem item;
  SetupState state = SetupState::kAbsent;
};

/// Returns what belongs on a server of this version, in the order in which it is made: composable
/// templates from Elasticsearch 7.8 on and on OpenSearch, else legacy ones. Errors:
/// kInvalidArgument for options that no server takes.
Result<std::vector<SetupItem>> SetupItemsOf(const IndexSetupOptions& options,
                                            const ServerVersion& version);

/// Looks what is there. Errors: those of SearchClient.
Result<std::vector<FoundItem>> FindItems(SearchClient* client, std::vector<SetupItem> items);

/// Returns whether nothing of it is somebody else's. Errors: kConflict, with the name.
Status CheckOurs(const std::vector<FoundItem>& found);

/// Returns whether a node can run the pipeline. Errors: kBadInput with the cure; those of
/// SearchClient.
Status CheckCanComputeSlots(SearchClient* client);

/// Makes or changes it. REQUIRES: it isn't foreign. May safely happen twice.
Status Make(SearchClient* client, const SetupItem& item);
/// Removes it; nothing happens when it isn't there. REQUIRES: as above.
Status Remove(SearchClient* client, const SetupItem& item);

/// Returns the indices that send each of their documents through the pipeline: without it they
/// would refuse them. Closed ones count.
Result<std::vector<std::string>> IndicesWithPipeline(SearchClient* client,
                                                     const SetupItem& pipeline);

}  // namespace tymbal::search
