#include "worker/endpoint_listing.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "common/text.h"
#include "search/count_answer.h"

namespace tymbal::worker {
namespace {

namespace dom = simdjson::dom;

/// Servers allow 65,535 buckets in an answer, and their memory is not ours to test.
constexpr size_t kPageEndpoints = 5'000;

std::string Source(std::string_view name, const ColumnField& column) {
  return fmt::format(R"({{"{}":{{"terms":{{"field":{},"missing_bucket":true}}}}}})", name,
                     JsonQuote(column.name));
}

std::string Sources(const IndexLayout& layout) {
  std::string sources = Source("app", layout.app) + "," + Source("method", layout.method);
  if (layout.service) sources += "," + Source("service", *layout.service);
  return sources;
}

/// A number is its digits; a missing name is empty.
std::string NameOf(dom::object key, std::string_view which) {
  std::string_view text;
  if (key[which].get(text) == simdjson::SUCCESS) return std::string(text);
  int64_t number = 0;
  return key[which].get(number) == simdjson::SUCCESS ? std::to_string(number) : "";
}

Status ReadBucket(dom::element bucket, const IndexLayout& layout, EndpointListing* listing) {
  dom::object key;
  uint64_t records = 0;
  if (bucket["key"].get(key) != simdjson::SUCCESS ||
      bucket["doc_count"].get(records) != simdjson::SUCCESS) {
    return Unavailable("a bucket has no key or count");
  }
  EndpointName name{NameOf(key, "app"), NameOf(key, "service"), NameOf(key, "method")};
  listing->listed += records;
  const bool doubtful = layout.service && layout.service->may_lack && key["service"].is_null();
  if (name.app.empty() || name.method.empty() || doubtful) {
    listing->nameless += records;
  } else {
    listing->endpoints.push_back({std::move(name), records});
  }
  return Status::Ok();
}

}  // namespace

Result<EndpointListing> ListEndpoints(search::SearchClient* client, search::SearchView* view,
                                      const IndexLayout& layout, const std::string& filter,
                                      size_t endpoints_max) {
  EndpointListing listing;
  std::string after;
  while (true) {
    const std::string members =
        fmt::format(R"("size":0,"track_total_hits":true,"query":{{"bool":{{"filter":[{}]}}}},)"
                    R"("aggs":{{"endpoints":{{"composite":{{"size":{},"sources":[{}]{}}}}}}})",
                    filter, kPageEndpoints, Sources(layout), after);
    EndpointListing page;
    std::string next;
    const auto read = [&](const search::HttpBody& body) -> Status {
      page = {};
      next.clear();
      TYMBAL_ASSIGN_OR_RETURN(const search::CountAnswer answer,
                              search::CountAnswer::Parse(body, view));
      page.total = answer.total();
      dom::array buckets;
      if (answer.root().at_pointer("/aggregations/endpoints/buckets").get(buckets) !=
          simdjson::SUCCESS) {
        return Unavailable("the answer has no list of endpoints");
      }
      for (const dom::element bucket : buckets) {
        TYMBAL_RETURN_IF_ERROR(ReadBucket(bucket, layout, &page));
      }
      dom::element after_key;
      if (answer.root().at_pointer("/aggregations/endpoints/after_key").get(after_key) ==
          simdjson::SUCCESS) {
        next = fmt::format(R"(,"after":{})", simdjson::to_string(after_key));
      }
      return Status::Ok();
    };
    TYMBAL_RETURN_IF_ERROR(client->Do(view->Search(members, 0), read));
    listing.total = page.total;
    listing.listed += page.listed;
    listing.nameless += page.nameless;
    std::move(page.endpoints.begin(), page.endpoints.end(), std::back_inserter(listing.endpoints));
    if (next.empty()) return listing;
    if (listing.endpoints.size() > endpoints_max) {
      return Exhausted(
          fmt::format("the period has more than {} endpoints; look whether the method "
                      "names carry ids",
                      endpoints_max));
    }
    after = next;
  }
}

}  // namespace tymbal::worker
