#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "common/status.h"
#include "search/answer_envelope.h"
#include "search/index_catalog.h"
#include "search/search_client.h"
#include "search/server_version.h"

namespace tymbal::search {

/// What searches look at: some indices, frozen at a point in time where the server has that. All
/// searches of one reading use one view, so that they see one state. Thread: any.
class SearchView {
 public:
  /// Opens a point in time, or, where there is none, stands for the indices as they change.
  /// `preference`: which copies of a shard answer, as the server's parameter of this name; empty:
  /// it chooses. Errors: those of SearchClient; kUnavailable when a shard is missing.
  static Result<std::unique_ptr<SearchView>> Open(SearchClient* client,
                                                  const ServerVersion& version,
                                                  const std::string& pattern,
                                                  const IndexSet& indices,
                                                  const std::string& preference);

  /// Returns the request of a search. `members`: of its JSON body, without the braces, for instance
  /// `"size":0,"query":{…}`. `spans`: how many hits it will bring.
  Call Search(std::string_view members, uint64_t spans) const;

  /// Returns the first request of a scroll, which sees the indices as they are now. Only its first
  /// request may be repeated.
  Call Scroll(std::string_view members, uint64_t spans, std::string_view keep_alive) const;

  /// Returns whether an answer is whole: all shards of all indices, in full. Remembers the point in
  /// time that it names. Errors: kUnavailable.
  Status Accept(const AnswerEnvelope& envelope);

  /// Gives the point in time back to the server. What fails here harms nobody: it ends by itself.
  void Close(SearchClient* client);

  /// Whether what is seen can't change.
  bool is_frozen() const { return frozen_; }
  /// Whether a search can be continued behind a hit of another, in the order of storage
  /// (kStoredOrder). `one_index`: all hits are of one index.
  bool HasStoredOrder(bool one_index) const {
    return frozen_ && (one_index ? version_.HasShardDoc() : version_.HasShardDocOfAllIndices());
  }
  const ServerVersion& version() const { return version_; }

 private:
  SearchView(const ServerVersion& version, std::string path, std::string options, int64_t shards)
      : version_(version), path_(std::move(path)), options_(std::move(options)), shards_(shards) {}

  const ServerVersion version_;
  const std::string path_;     // The indices, escaped.
  const std::string options_;  // Of the URL: what to do about those that aren't there.
  const int64_t shards_;
  bool frozen_ = false;
  mutable std::mutex mutex_;  // Guards what follows.
  std::string point_in_time_;
};

/// Sorts hits as the server has stored them: by their number in the shard, then by the shard. No
/// two are alike where SearchView::HasStoredOrder() says so.
inline constexpr std::string_view kStoredOrder = R"("sort":["_doc","_shard_doc"])";

/// Returns the request for the next page of a scroll. It must not be repeated: the page would be
/// skipped.
Call NextScroll(std::string_view scroll_id, uint64_t spans, std::string_view keep_alive);
/// Gives a scroll back to the server; without an id it does nothing.
void CloseScroll(SearchClient* client, std::string_view scroll_id);

}  // namespace tymbal::search
