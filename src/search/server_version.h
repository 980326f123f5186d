#pragma once

#include <cstdint>
#include <string>

#include "common/status.h"
#include "search/search_client.h"

namespace tymbal::search {

enum class Engine : uint8_t { kElasticsearch, kOpenSearch };

/// What answers, and so what it can do.
struct ServerVersion {
  Engine engine = Engine::kElasticsearch;
  int major = 0;
  int minor = 0;

  bool AtLeast(Engine which, int at_least_major, int at_least_minor) const {
    return engine == which &&
           (major != at_least_major ? major > at_least_major : minor >= at_least_minor);
  }
  /// Elasticsearch 7.10, OpenSearch 2.4.
  bool HasPointInTime() const {
    return AtLeast(Engine::kElasticsearch, 7, 10) || AtLeast(Engine::kOpenSearch, 2, 4);
  }
  /// Searches in a point in time can be sorted by `_shard_doc`: Elasticsearch 7.12, OpenSearch 3.3.
  bool HasShardDoc() const {
    return AtLeast(Engine::kElasticsearch, 7, 12) || AtLeast(Engine::kOpenSearch, 3, 3);
  }
  /// `_shard_doc` tells all documents apart. OpenSearch (3.8) numbers the shards of each index from
  /// 0, so documents of two indices may have the same.
  bool HasShardDocOfAllIndices() const { return engine == Engine::kElasticsearch && HasShardDoc(); }
  /// Whether a page that follows another is to say how many records there are. A server that
  /// needn't count goes no further than the page; but OpenSearch 3 may stop too early then.
  bool CountsEveryPage() const { return engine != Engine::kElasticsearch; }
  /// `date_histogram` takes `fixed_interval`, not `interval`; mappings have no types any more.
  bool IsSince7() const { return engine == Engine::kOpenSearch || major >= 7; }
  /// GET _resolve/index: Elasticsearch 7.9, every OpenSearch.
  bool HasResolveIndex() const {
    return engine == Engine::kOpenSearch || AtLeast(Engine::kElasticsearch, 7, 9);
  }
  /// The value of `expand_wildcards` that means all open indices, also those behind data streams:
  /// Elasticsearch knows hidden ones since 7.7.
  const char* OpenIndices() const {
    const bool hides = engine == Engine::kOpenSearch || AtLeast(Engine::kElasticsearch, 7, 7);
    return hides ? "open,hidden" : "open";
  }
  std::string Text() const;  ///< For instance "OpenSearch 2.19".
};

/// Parses "elasticsearch 8.17" or "opensearch 2.19.1". Errors: kInvalidArgument.
Result<ServerVersion> ParseServerVersion(const std::string& text);

/// Asks the server. Errors: those of SearchClient; kInvalidArgument for what isn't one of
/// Elasticsearch 6 to 9 and OpenSearch 1 to 3, or doesn't tell: then the configuration must.
Result<ServerVersion> AskServerVersion(SearchClient* client);

}  // namespace tymbal::search
