#include "search/search_view.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <vector>

#include "common/text.h"

namespace tymbal::search {
namespace {

/// Renewed by every search. Long enough for the server to be overloaded for a while.
constexpr std::string_view kKeepAlive = "3m";

constexpr std::string_view kWhole = "allow_partial_search_results=false";

/// Reads the id of a new point in time, even of one that lacks shards, which is refused.
Status ReadPointInTime(const HttpBody& body, std::string* id) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view text;
  if (parser.parse(body.text().data(), body.size).get(root) != simdjson::SUCCESS ||
      (root["id"].get(text) != simdjson::SUCCESS &&
       root["pit_id"].get(text) != simdjson::SUCCESS)) {
    return Unavailable("the answer holds no point in time");
  }
  *id = text;
  int64_t total = 0;
  int64_t successful = 0;
  if (root.at_pointer("/_shards/total").get(total) == simdjson::SUCCESS &&
      root.at_pointer("/_shards/successful").get(successful) == simdjson::SUCCESS &&
      total != successful) {
    return Unavailable(fmt::format(
        "the point in time has only {} of {} shards; a node may be down, see GET _cat/shards",
        successful, total));
  }
  return Status::Ok();
}

/// A failure harms nobody: it ends by itself.
void ClosePointInTime(SearchClient* client, const ServerVersion& version, const std::string& id) {
  const bool open_search = version.engine == Engine::kOpenSearch;
  [[maybe_unused]] const Status status =
      client->Do({.method = "DELETE",
                  .target = open_search ? "/_search/point_in_time" : "/_pit",
                  .body = fmt::format(R"({{"{}":{}}})", open_search ? "pit_id" : "id",
                                      open_search ? "[" + JsonQuote(id) + "]" : JsonQuote(id))});
}

}  // namespace

Result<std::unique_ptr<SearchView>> SearchView::Open(SearchClient* client,
                                                     const ServerVersion& version,
                                                     const std::string& pattern,
                                                     const IndexSet& indices,
                                                     const std::string& preference) {
  // Closed ones are known, and whether they matter is the caller's business; whatever else is
  // missing shows in the number of shards.
  const std::string options =
      fmt::format("expand_wildcards={}&allow_no_indices=false&ignore_unavailable={}",
                  version.OpenIndices(), !indices.closed.empty()) +
      (preference.empty() ? "" : "&preference=" + EscapePath(preference));
  std::unique_ptr<SearchView> view(
      new SearchView(version, EscapePath(pattern), options, indices.shards));
  if (!version.HasPointInTime()) return view;
  const bool open_search = version.engine == Engine::kOpenSearch;
  const Call call{
      .method = "POST",
      .target = fmt::format("/{}/{}?{}&keep_alive={}{}", view->path_,
                            open_search ? "_search/point_in_time" : "_pit", options, kKeepAlive,
                            open_search ? "&allow_partial_pit_creation=false" : "")};
  std::string id;
  std::vector<std::string> refused;
  const Status opened = client->Do(call, [&](const HttpBody& body) {
    id.clear();
    Status status = ReadPointInTime(body, &id);
    if (!status.ok() && !id.empty()) refused.push_back(id);
    return status;
  });
  for (const std::string& one : refused) ClosePointInTime(client, version, one);
  TYMBAL_RETURN_IF_ERROR(opened.WithContext("opening a point in time"));
  view->point_in_time_ = id;
  view->frozen_ = true;
  return view;
}

Call SearchView::Search(std::string_view members, uint64_t spans) const {
  Call call{.method = "POST", .target = {}, .body = {}, .spans = spans};
  if (!frozen_) {
    call.target = fmt::format("/{}/_search?{}&{}", path_, options_, kWhole);
    call.body = fmt::format("{{{}}}", members);
    return call;
  }
  const std::lock_guard lock(mutex_);
  call.in_point_in_time = true;
  call.target = fmt::format("/_search?{}", kWhole);
  call.body = fmt::format(R"({{"pit":{{"id":{},"keep_alive":"{}"}},{}}})",
                          JsonQuote(point_in_time_), kKeepAlive, members);
  return call;
}

Call SearchView::Scroll(std::string_view members, uint64_t spans,
                        std::string_view keep_alive) const {
  return {.method = "POST",
          .target = fmt::format("/{}/_search?{}&{}&scroll={}", path_, options_, kWhole, keep_alive),
          .body = fmt::format("{{{}}}", members),
          .spans = spans};
}

Status SearchView::Accept(const AnswerEnvelope& envelope) {
  TYMBAL_RETURN_IF_ERROR(CheckWhole(envelope));
  if (shards_ > 0 && envelope.shards_total != shards_) {
    return Unavailable(fmt::format(
        "{} shards were asked, but the indices have {}: one was made, closed or deleted meanwhile",
        envelope.shards_total, shards_));
  }
  if (frozen_ && !envelope.point_in_time.empty()) {
    const std::lock_guard lock(mutex_);
    point_in_time_ = envelope.point_in_time;
  }
  return Status::Ok();
}

void SearchView::Close(SearchClient* client) {
  if (!frozen_) return;
  const std::lock_guard lock(mutex_);
  ClosePointInTime(client, version_, point_in_time_);
}

Call NextScroll(std::string_view scroll_id, uint64_t spans, std::string_view keep_alive) {
  return {
      .method = "POST",
      .target = "/_search/scroll",
      .body = fmt::format(R"({{"scroll":"{}","scroll_id":{}}})", keep_alive, JsonQuote(scroll_id)),
      .spans = spans,
      .repeatable = false};
}

void CloseScroll(SearchClient* client, std::string_view scroll_id) {
  if (scroll_id.empty()) return;
  [[maybe_unused]] const Status status =
      client->Do({.method = "DELETE",
                  .target = "/_search/scroll",
                  .body = fmt::format(R"({{"scroll_id":[{}]}})", JsonQuote(scroll_id)),
                  .repeatable = false});
}

}  // namespace tymbal::search
