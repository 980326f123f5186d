#include "worker/read_forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "common/text.h"
#include "search/count_answer.h"
#include "search/hits_page.h"
#include "worker/page_chain.h"
#include "worker/slice_counter.h"
#include "worker/slice_queue.h"

namespace tymbal::worker {
namespace {

/// Of a period: enough to know how long its records are.
constexpr int kSampleRecords = 20;

std::string Lacking(const std::string& field) {
  return fmt::format(R"({{"bool":{{"must_not":[{{"exists":{{"field":{}}}}}]}}}})",
                     JsonQuote(field));
}

}  // namespace

Result<std::unique_ptr<ReadForecaster>> ReadForecaster::Open(search::SearchClient* client,
                                                             const SearchSourceOptions& source,
                                                             const IndexLook* look,
                                                             const Options& options) {
  std::unique_ptr<ReadForecaster> forecaster(new ReadForecaster(client, source, look, options));
  TYMBAL_ASSIGN_OR_RETURN(forecaster->view_,
                          search::SearchView::Open(client, look->version, source.index,
                                                   look->indices, source.preference));
  return forecaster;
}

ReadForecaster::~ReadForecaster() {
  if (view_ != nullptr) view_->Close(client_);
}

Result<ReadForecast> ReadForecaster::Of(const Period& range) {
  for (const std::string& name : look_->indices.closed) {
    if (!search::MayHold(name, range)) continue;
    return Conflict(
        fmt::format("the index {} is closed and may hold spans of the period", Printable(name)));
  }
  const IndexLayout& layout = *look_->layout;
  const std::string clauses = look_->layout->JoinedClauses();
  SliceCounter counter(client_, view_.get(), &layout.time);
  TYMBAL_ASSIGN_OR_RETURN(const std::vector<Slice> slices, counter.Count(0, clauses, range));
  ReadForecast forecast{.range = range};
  for (const Slice& slice : slices) forecast.records += slice.count;
  if (forecast.records == 0) return forecast;

  if (!layout.slot_field.empty()) {
    TYMBAL_ASSIGN_OR_RETURN(
        forecast.slotless,
        Count(QueryMember(layout.time, range, clauses + "," + Lacking(layout.slot_field))));
  }
  TYMBAL_ASSIGN_OR_RETURN(const uint64_t bytes,
                          BytesOfRecord(QueryMember(layout.time, range, clauses)));
  forecast.bytes = bytes * forecast.records;
  const uint64_t page =
      std::min({static_cast<uint64_t>(source_.fetch.page_records),
                static_cast<uint64_t>(look_->indices.result_window),
                std::max<uint64_t>(1, source_.fetch.page_bytes / std::max<uint64_t>(1, bytes))});
  std::optional<PageChains> chains;
  if (way() == ReadWay::kSource) {
    chains = ChainsOf(*view_, look_->indices, range, /*one_index=*/false, forecast.records,
                      source_.fetch.requests, source_.fetch.page_records);
  }
  const uint64_t size = chains ? std::min(page, chains->page_records) : page;
  SliceQueue queue;
  queue.Append(slices);
  while (const auto slice = queue.Next(chains ? chains->slice_records : page)) {
    const uint64_t pages = (slice->count + size - 1) / size;
    // What doesn't fit is counted anew in shorter slices, unless its pages follow each other.
    forecast.requests += pages + (pages > 1 && !chains ? 1 : 0);
  }
  forecast.seconds =
      static_cast<double>(forecast.records) * MeasuredUs(way(), chains.has_value()) * 1e-6;
  if (options_.rate_max > 0) {
    forecast.seconds = std::max(forecast.seconds, static_cast<double>(forecast.records) /
                                                      static_cast<double>(options_.rate_max));
  }
  return forecast;
}

Result<uint64_t> ReadForecaster::CountTimeless() {
  return Count(fmt::format(R"("query":{{"bool":{{"filter":[{}{}]}}}})",
                           Lacking(look_->layout->time.name), look_->layout->JoinedClauses()));
}

Result<uint64_t> ReadForecaster::Count(const std::string& query) {
  uint64_t count = 0;
  TYMBAL_RETURN_IF_ERROR(
      client_->Do(view_->Search(R"("size":0,"track_total_hits":true,)" + query, 0),
                  [&](const search::HttpBody& body) -> Status {
                    TYMBAL_ASSIGN_OR_RETURN(const search::CountAnswer answer,
                                            search::CountAnswer::Parse(body, view_.get()));
                    count = answer.total();
                    return Status::Ok();
                  }));
  return count;
}

/// Returns how long an answer is, for each record in it.
Result<uint64_t> ReadForecaster::BytesOfRecord(const std::string& query) {
  std::string what = R"("_source":true,)";
  if (way() != ReadWay::kSource && look_->columns) {
    what = fmt::format(
        R"("_source":false,"docvalue_fields":{},)",
        way() == ReadWay::kColumns ? look_->columns->fields : look_->columns->fields_without_ids);
  }
  uint64_t bytes = 0;
  search::HitsPageParser parser;
  search::HitsPage page;
  const auto read = [&](const search::HttpBody& body) -> Status {
    TYMBAL_RETURN_IF_ERROR(parser.Parse(body, &page));
    TYMBAL_RETURN_IF_ERROR(view_->Accept(page.envelope));
    bytes = body.size / std::max<size_t>(1, page.hits.size());
    return Status::Ok();
  };
  TYMBAL_RETURN_IF_ERROR(client_->Do(
      view_->Search(fmt::format(R"("size":{},{}{})", kSampleRecords, what, query), kSampleRecords),
      read));
  return bytes;
}

}  // namespace tymbal::worker
