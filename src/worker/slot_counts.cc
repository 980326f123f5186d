#include "worker/slot_counts.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "common/text.h"
#include "search/count_answer.h"
#include "worker/endpoint_listing.h"
#include "worker/read_plan.h"
#include "worker/slot_function.h"

namespace tymbal::worker {
namespace {

namespace dom = simdjson::dom;

/// A listing of more takes longer than anybody waits for it.
constexpr size_t kEndpointsMax = 500'000;

/// The clauses of all records of the period that count, as far as the server can tell.
std::string FilterOf(const IndexLayout& layout, const Period& period) {
  return layout.time.RangeClause(period) + layout.JoinedClauses();
}

/// Buckets as wide as one of our slots: documents may carry finer ones. What is negative belongs to
/// the first (see PlanByField).
Result<std::vector<uint64_t>> CountByField(search::SearchClient* client, search::SearchView* view,
                                           const IndexLayout& layout, const Profile& profile,
                                           const Period& period, uint32_t slots) {
  const uint64_t scale = profile.slot_count == 0 ? 1 : profile.slot_count / slots;
  const std::string field = JsonQuote(layout.slot_field);
  const std::string members = fmt::format(
      R"("size":0,"track_total_hits":true,"query":{{"bool":{{"filter":[{},)"
      R"({{"range":{{{}:{{"lt":{}}}}}}}]}}}},"aggs":{{"slots":{{"histogram":{{"field":{},)"
      R"("interval":{},"min_doc_count":1}}}}}})",
      FilterOf(layout, period), field, slots * scale, field, scale);
  std::vector<uint64_t> counts;
  const auto read = [&](const search::HttpBody& body) -> Status {
    counts.assign(slots, 0);
    TYMBAL_ASSIGN_OR_RETURN(const search::CountAnswer answer,
                            search::CountAnswer::Parse(body, view));
    dom::array buckets;
    if (answer.root().at_pointer("/aggregations/slots/buckets").get(buckets) != simdjson::SUCCESS) {
      return Unavailable("the answer has no list of slots");
    }
    for (const dom::element bucket : buckets) {
      double key = 0;
      uint64_t records = 0;
      if (bucket["key"].get(key) != simdjson::SUCCESS ||
          bucket["doc_count"].get(records) != simdjson::SUCCESS) {
        return Unavailable("a bucket has no key or count");
      }
      const double slot = std::clamp(std::floor(key / static_cast<double>(scale)), 0.0,
                                     static_cast<double>(slots - 1));
      counts[static_cast<size_t>(slot)] += records;
    }
    return Status::Ok();
  };
  TYMBAL_RETURN_IF_ERROR(client->Do(view->Search(members, 0), read));
  return counts;
}

Result<std::vector<uint64_t>> CountByGroup(search::SearchClient* client, search::SearchView* view,
                                           const IndexLayout& layout, const Profile& profile,
                                           const Period& period, uint32_t slots) {
  TYMBAL_ASSIGN_OR_RETURN(
      const EndpointListing listing,
      ListEndpoints(client, view, layout, FilterOf(layout, period), kEndpointsMax));
  if (listing.listed != listing.total) {
    return NotFound("some records have several values in a field of their names");
  }
  std::vector<uint64_t> counts(slots);
  for (const ListedEndpoint& endpoint : listing.endpoints) {
    const EndpointName& name = endpoint.name;
    counts[SlotBy(profile.slot_function, name.app, name.service, name.method, slots)] +=
        endpoint.records;
  }
  return counts;
}

}  // namespace

Result<std::vector<uint64_t>> CountSlots(const SearchSourceOptions& options, const Period& period,
                                         uint32_t slots, const std::atomic<bool>* cancel) {
  search::SearchClient client(options.http(), options.gate, cancel, options.client);
  search::ServerVersion version;
  if (options.version) {
    version = *options.version;
  } else {
    TYMBAL_ASSIGN_OR_RETURN(version, search::AskServerVersion(&client));
  }
  const Profile& profile = options.profile;
  TYMBAL_ASSIGN_OR_RETURN(const search::IndexSet indices,
                          search::ReadIndexSet(&client, version, options.index, FieldsOf(profile)));
  if (indices.open.empty()) {
    return Conflict(fmt::format("all indices of '{}' are closed", Printable(options.index)));
  }
  TYMBAL_ASSIGN_OR_RETURN(const IndexLayout layout, DescribeIndex(profile, indices, version));
  const SlotRead way = ChooseSlotRead(profile, layout);
  TYMBAL_RETURN_IF_ERROR(CheckSlotRead(way, profile, layout));
  if (way == SlotRead::kScan) return NotFound("every node reads all spans");
  TYMBAL_ASSIGN_OR_RETURN(
      const std::unique_ptr<search::SearchView> view,
      search::SearchView::Open(&client, version, options.index, indices, options.preference));
  const auto count = way == SlotRead::kField ? CountByField : CountByGroup;
  auto counts = count(&client, view.get(), layout, profile, period, slots);
  if (view->is_frozen()) {
    const std::atomic<bool> never{false};
    search::SearchClient closer(options.http(), options.gate, &never, options.client);
    view->Close(&closer);
  }
  return counts;
}

}  // namespace tymbal::worker
