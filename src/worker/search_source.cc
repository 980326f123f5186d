#include "worker/search_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "common/text.h"
#include "common/time_text.h"
#include "search/count_answer.h"
#include "worker/decoder.h"
#include "worker/id_finder.h"
#include "worker/slice_counter.h"
#include "worker/slot_function.h"

namespace tymbal::worker {
namespace {

/// Small enough that a batch and what it points to stay in the first-level caches.
constexpr size_t kBatchSpans = 256;
constexpr size_t kSamplesPerReason = 3;
constexpr size_t kExcerptBytes = 120;
/// More endpoints than this in one period are ids in names; a listing of them would take minutes.
constexpr size_t kListedEndpointsMax = 2'000'000;
/// Indices that are counted and read each for itself.
constexpr size_t kIndicesApartMax = 8;
/// Of giving back the point in time: it ends by itself anyway.
constexpr std::chrono::milliseconds kClosingMax{5'000};

/// The beginning of what was read of a document.
std::string_view ExcerptOf(const search::Hit& hit) {
  const MarkedJson& read = hit.record.text.empty() ? hit.sort : hit.record;
  return read.text.substr(0, kExcerptBytes);
}

/// Where a document is. Columns come without its id, which would cost as much as all of it; then
/// its columns stand there.
std::string Place(const search::Hit& hit) {
  if (!hit.id.empty()) return fmt::format("{}/{}", Printable(hit.index), Printable(hit.id));
  return fmt::format("of {} with the fields {}", Printable(hit.index), Printable(ExcerptOf(hit)));
}

}  // namespace

/// Takes pages and decodes them.
class SearchSource::Reader : public SpanReader {
 public:
  /// What pages hold, decoded; nullptr where there are no such pages.
  struct Decoders {
    std::unique_ptr<Decoder> documents;
    std::unique_ptr<Decoder> columns;
    std::unique_ptr<Decoder> sort_values;
  };

  Reader(SearchSource* source, Decoders decoders, const SpanQuery& query)
      : source_(source),
        decoders_(std::move(decoders)),
        query_(query),
        by_start_(source->SlicesByStart()) {}
  ~Reader() override { source_->own_ += own_; }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Result<bool> Next(SpanBatch* batch) override {
    batch->Clear();
    texts_.Clear();
    if (source_->unplaced_.load(std::memory_order_relaxed) > 0) HandOutUnplaced(batch);
    while (batch->spans.empty() && batch->rejected.empty() && batch->filtered == 0) {
      if (page_ == nullptr || next_ == page_->hits.hits.size()) {
        source_->own_ += std::exchange(own_, 0);
        if (page_ != nullptr) source_->fetcher_->Recycle(std::move(page_));
        TYMBAL_ASSIGN_OR_RETURN(page_, source_->fetcher_->Next());
        if (page_ == nullptr) return false;
        next_ = 0;
        part_ = &source_->plan_.parts[page_->part];
        asked_ = by_start_ ? page_->range : *query_.range;
        decoder_ = page_->way == ReadWay::kSource ? decoders_.documents.get()
                   : page_->in_sort_values        ? decoders_.sort_values.get()
                                                  : decoders_.columns.get();
      }
      TYMBAL_RETURN_IF_ERROR(DecodeSome(batch));
    }
    return true;
  }

 private:
  static constexpr uint64_t kUnplacedBatch = 4096;

  void HandOutUnplaced(SpanBatch* batch) {
    uint64_t left = source_->unplaced_;
    while (!source_->unplaced_.compare_exchange_weak(left, left - std::min(left, kUnplacedBatch))) {
    }
    batch->rejected.resize(std::min(left, kUnplacedBatch), {RejectReason::kMissingStart, {}});
  }

  Status DecodeSome(SpanBatch* batch) {
    const std::vector<search::Hit>& hits = page_->hits.hits;
    while (next_ < hits.size() && batch->spans.size() < kBatchSpans) {
      TYMBAL_RETURN_IF_ERROR(DecodeOne(hits[next_++], batch));
    }
    return Status::Ok();
  }

  Status DecodeOne(const search::Hit& hit, SpanBatch* batch) {
    Decoder::Rejection rejection;
    Span& span = batch->AddSpan();
    const Decoder::Outcome outcome = decoder_->Decode(RecordOf(hit), &texts_, &span, &rejection);
    if (outcome != Decoder::Outcome::kSpan) batch->spans.pop_back();
    switch (outcome) {
      case Decoder::Outcome::kSpan:
        TYMBAL_RETURN_IF_ERROR(CheckTime(hit, span.start_ms));
        if (!part_->counts_own && !part_->own_only) return Status::Ok();
        return CountOwn(hit, SlotBy(source_->options_.profile.slot_function, span.app, span.service,
                                    span.method, query_.slot_count));
      case Decoder::Outcome::kFiltered:
        ++batch->filtered;
        return part_->counts_own ? CountOwn(hit, decoder_->SlotOfLast(&texts_)) : Status::Ok();
      case Decoder::Outcome::kRejected:
        break;
    }
    if (rejection.reason == RejectReason::kWrongSlot) return WrongSlot(hit);
    batch->rejected.push_back({rejection.reason, rejection.start_ms, rejection.slot});
    source_->AddSample(hit, rejection.reason);
    return CountOwn(hit, rejection.slot);
  }

  const MarkedJson& RecordOf(const search::Hit& hit) const {
    return page_->in_sort_values ? hit.sort : hit.record;
  }

  /// A record that was asked for by its slot, but whose names give another, would be nobody's (I1).
  Status CountOwn(const search::Hit& hit, std::optional<uint32_t> slot) {
    if (!slot) return Status::Ok();
    const bool own = query_.slots.Contains(*slot);
    if (part_->counts_own) own_ += own ? 1 : 0;
    return part_->own_only && !own ? WrongSlot(hit) : Status::Ok();
  }

  /// A span that wasn't asked for would be counted twice, or in a period that isn't read (I1).
  Status CheckTime(const search::Hit& hit, int64_t start_ms) const {
    if (start_ms >= asked_.start_ms && start_ms < asked_.end_ms) return Status::Ok();
    std::string text = fmt::format("the document {} starts at {} ms, but {} to {} was asked for",
                                   Place(hit), start_ms, asked_.start_ms, asked_.end_ms);
    if (by_start_) return Unavailable(text + ": it is the answer to another request");
    return BadInput(
        fmt::format("{} by its field {}: the two don't agree; name another time_field "
                    "in the profile",
                    text, source_->layout_.time.name));
  }

  static Status WrongSlot(const search::Hit& hit) {
    return BadInput(fmt::format(
        "the document {} carries a slot that isn't the one of its names: the pipeline that "
        "wrote it computes another function. Mend it (tymbal index install) and index anew, or "
        "use a profile without a slot",
        Place(hit)));
  }

  SearchSource* source_;
  const Decoders decoders_;
  const SpanQuery query_;
  const bool by_start_;  // Whether the slices are of the times that spans start at.
  Arena texts_;          // Unescaped texts of the batch.
  std::unique_ptr<SpanPage> page_;
  size_t next_ = 0;
  Period asked_;  // Which times `page_` may hold.
  const ReadPart* part_ = nullptr;
  Decoder* decoder_ = nullptr;
  uint64_t own_ = 0;
};

/// Whether the time that is asked for is what a span's start is decoded from.
bool SearchSource::SlicesByStart() const {
  return options_.profile.start.size() == 1 &&
         options_.profile.start.front().text == layout_.time.name;
}

SearchSource::SearchSource(SearchSourceOptions options) : options_(std::move(options)) {}

SearchSource::~SearchSource() {
  cancel_ = true;
  fetcher_.reset();
  if (view_ == nullptr || !view_->is_frozen()) return;
  search::SearchClientOptions options = options_.client;
  options.deadline = std::min(options.deadline, kClosingMax);
  options.patience = std::min(options.patience, kClosingMax);
  options.on_retry = {};
  view_->Close(MakeClient(&never_, options).get());
}

std::unique_ptr<search::SearchClient> SearchSource::MakeClient(
    const std::atomic<bool>* cancel, search::SearchClientOptions options) {
  options.seed += ++clients_;
  options.gave_up = &gave_up_;
  return std::make_unique<search::SearchClient>(options_.http(), options_.gate, cancel,
                                                std::move(options));
}

Result<std::vector<std::unique_ptr<SpanReader>>> SearchSource::Open(const SpanQuery& query,
                                                                    size_t parallelism) {
  TYMBAL_CHECK(query.range && fetcher_ == nullptr, "a search source reads one period, once");
  const auto client = MakeClient();
  TYMBAL_RETURN_IF_ERROR(FindIndices(client.get(), *query.range));
  TYMBAL_ASSIGN_OR_RETURN(view_, search::SearchView::Open(client.get(), version_, options_.index,
                                                          indices_, options_.preference));
  TYMBAL_ASSIGN_OR_RETURN(plan_, PlanParts(client.get(), query));
  if (columns_ && options_.read != ReadWay::kSource) {
    SetApartDoubtful(columns_->doubtful, &plan_);
  }
  SetApartHoldingIndices(*query.range);
  TYMBAL_ASSIGN_OR_RETURN(FetchPlan fetch, CountSlices(client.get(), *query.range));
  TYMBAL_RETURN_IF_ERROR(CheckNotMissing(fetch, *query.range));
  TYMBAL_RETURN_IF_ERROR(CountUnplaced(client.get(), query));
  PageFetcherOptions options = options_.fetch;
  options.page_records =
      std::min<size_t>(options.page_records, static_cast<size_t>(indices_.result_window));
  fetcher_ = std::make_unique<PageFetcher>(
      options, std::move(fetch), view_.get(), [this] { return MakeClient(); }, &cancel_);
  std::vector<std::unique_ptr<SpanReader>> readers;
  for (size_t i = 0; i < parallelism; ++i) {
    Reader::Decoders decoders;
    TYMBAL_ASSIGN_OR_RETURN(decoders.documents, Decoder::Create(options_.profile, query.slot_count,
                                                                Decoder::Form::kIndexed));
    if (columns_) {
      TYMBAL_ASSIGN_OR_RETURN(decoders.columns, Decoder::Create(columns_->profile, query.slot_count,
                                                                Decoder::Form::kColumns));
      TYMBAL_ASSIGN_OR_RETURN(
          decoders.sort_values,
          Decoder::CreateForSortValues(columns_->profile, query.slot_count, columns_->sortable));
    }
    readers.push_back(std::make_unique<Reader>(this, std::move(decoders), query));
  }
  return readers;
}

Status SearchSource::FindIndices(search::SearchClient* client, const Period& range) {
  if (options_.version) {
    version_ = *options_.version;
  } else {
    TYMBAL_ASSIGN_OR_RETURN(version_, search::AskServerVersion(client));
  }
  TYMBAL_ASSIGN_OR_RETURN(
      indices_, search::ReadIndexSet(client, version_, options_.index, FieldsOf(options_.profile)));
  for (const std::string& name : indices_.closed) {
    if (!search::MayHold(name, range)) continue;
    return Conflict(
        fmt::format("the index {} is closed and may hold spans of the period; open it, or leave it "
                    "out of source.elasticsearch.index (…,-{})",
                    Printable(name), Printable(name)));
  }
  if (indices_.open.empty()) {
    return NotFound(fmt::format("all indices of '{}' are closed", Printable(options_.index)));
  }
  TYMBAL_ASSIGN_OR_RETURN(layout_, DescribeIndex(options_.profile, indices_, version_));
  auto columns = DescribeColumns(options_.profile, indices_);
  if (columns) {
    columns_ = std::move(*columns);
  } else {
    no_columns_ = columns.error().message();
  }
  return Status::Ok();
}

Result<ReadPlan> SearchSource::PlanParts(search::SearchClient* client, const SpanQuery& query) {
  if (query.slots == SlotSet(SlotRange{0, query.slot_count})) return PlanWhole(layout_);
  const SlotRead way = ChooseSlotRead(options_.profile, layout_);
  TYMBAL_RETURN_IF_ERROR(CheckSlotRead(way, options_.profile, layout_));
  if (way == SlotRead::kField) {
    return PlanByField(layout_, options_.profile, query.slots, query.slot_count);
  }
  if (way == SlotRead::kGroup) {
    const std::string filter = layout_.time.RangeClause(*query.range) + layout_.JoinedClauses();
    TYMBAL_ASSIGN_OR_RETURN(
        const EndpointListing listing,
        ListEndpoints(client, view_.get(), layout_, filter, kListedEndpointsMax));
    return PlanByGroup(layout_, listing, options_.profile.slot_function, query.slots,
                       query.slot_count);
  }
  ReadPlan plan = PlanWhole(layout_);
  plan.warning = fmt::format(
      "every node reads all spans and drops those of other slots: the index has no slot, and {}",
      layout_.no_groups.empty() ? "slot_read is scan" : layout_.no_groups);
  return plan;
}

/// Where positions are distinct within an index only, each is read for itself; as long as they are
/// few, for each is counted for itself as well.
void SearchSource::SetApartHoldingIndices(const Period& range) {
  if (plan_.way != SlotRead::kScan || view_->HasStoredOrder(indices_.open.size() == 1) ||
      !view_->HasStoredOrder(/*one_index=*/true)) {
    return;
  }
  std::vector<std::string> holding;
  std::copy_if(indices_.open.begin(), indices_.open.end(), std::back_inserter(holding),
               [&](const std::string& name) { return search::MayHold(name, range); });
  if (!holding.empty() && holding.size() <= kIndicesApartMax) SetApartIndices(holding, &plan_);
}

Result<FetchPlan> SearchSource::CountSlices(search::SearchClient* client, const Period& range) {
  FetchPlan fetch;
  fetch.time = layout_.time;
  if (columns_) {
    fetch.columns = columns_->fields;
    fetch.columns_without_ids = columns_->fields_without_ids;
    fetch.column_order = columns_->SortMember();
  }
  SliceCounter counter(client, view_.get(), &layout_.time);
  for (size_t i = 0; i < plan_.parts.size(); ++i) {
    const ReadPart& part = plan_.parts[i];
    TYMBAL_ASSIGN_OR_RETURN(std::vector<ReadWay> ways, WaysOf(part, plan_.way == SlotRead::kScan));
    const bool may_sort = std::count(ways.begin(), ways.end(), ReadWay::kColumnsThenIds) > 0;
    TYMBAL_ASSIGN_OR_RETURN(
        const std::vector<Slice> slices,
        counter.Count(i, part.clauses, range,
                      may_sort ? columns_->sortable : std::vector<std::string>()));
    uint64_t records = 0;
    for (const Slice& slice : slices) records += slice.count;
    uint64_t lookups = 0;
    if (ways.size() > 1 && records > 0) {
      TYMBAL_ASSIGN_OR_RETURN(lookups, CountLookups(client, range, part.clauses));
    }
    const bool adjacent = plan_.way == SlotRead::kScan && ways == std::vector{ReadWay::kSource};
    FetchPart fetch_part{part.clauses, ReadWayChooser(std::move(ways), records, lookups)};
    fetch_part.has_single_values = counter.has_single_values();
    fetch_part.ordered = view_->HasStoredOrder(part.one_index || indices_.open.size() == 1);
    if (adjacent) {
      fetch_part.chains = ChainsOf(*view_, indices_, range, part.one_index, records,
                                   options_.fetch.requests, options_.fetch.page_records);
    }
    fetch.parts.push_back(std::move(fetch_part));
    fetch.slices.insert(fetch.slices.end(), slices.begin(), slices.end());
  }
  return fetch;
}

/// Documents that lie side by side are read quickest as they are: `whole`.
Result<std::vector<ReadWay>> SearchSource::WaysOf(const ReadPart& part, bool whole) const {
  if (!part.columns) return std::vector{ReadWay::kSource};
  // The ids are looked up in the same view, by the time that is sliced by.
  const bool can_look_up = view_->is_frozen() && SlicesByStart();
  if (options_.read && *options_.read != ReadWay::kSource) {
    if (!columns_) {
      return BadInput(fmt::format("read: {} needs all fields in doc values, but {}",
                                  ReadWayName(*options_.read), no_columns_));
    }
    if (*options_.read == ReadWay::kColumnsThenIds && !can_look_up) {
      return BadInput(
          "read: values_then_ids needs a server with points in time, and a profile whose start is "
          "its time_field");
    }
    return std::vector{*options_.read};
  }
  if (options_.read || !columns_ || whole) return std::vector{ReadWay::kSource};
  std::vector<ReadWay> ways = {ReadWay::kColumns, ReadWay::kSource};
  if (can_look_up) ways.insert(ways.begin(), ReadWay::kColumnsThenIds);
  return ways;
}

/// Estimates how many ids would have to be looked up: an approximate count is good enough for it.
Result<uint64_t> SearchSource::CountLookups(search::SearchClient* client, const Period& range,
                                            const std::string& clauses) {
  uint64_t methods = 0;
  const std::string members = fmt::format(
      R"("size":0,"track_total_hits":true,{},"aggs":{{"methods":{{"cardinality":{{"field":{}}}}}}})",
      QueryMember(layout_.time, range, clauses), JsonQuote(columns_->profile.method.front().text));
  TYMBAL_RETURN_IF_ERROR(
      client->Do(view_->Search(members, 0), [&](const search::HttpBody& body) -> Status {
        TYMBAL_ASSIGN_OR_RETURN(const search::CountAnswer answer,
                                search::CountAnswer::Parse(body, view_.get()));
        if (answer.root().at_pointer("/aggregations/methods/value").get(methods) ==
            simdjson::SUCCESS) {
          return Status::Ok();
        }
        return Unavailable("the answer has no number of methods");
      }));
  return methods * options_.slow_calls;
}

/// No record at all is either a quiet period or an index that is missing (I6). Where the indices
/// carry dates, the one of the day must be there.
Status SearchSource::CheckNotMissing(const FetchPlan& fetch, const Period& range) const {
  if (!fetch.slices.empty()) return Status::Ok();
  bool dated = false;
  for (const std::string& name : indices_.open) {
    const auto day = search::DayOfIndexName(name);
    if (!day || (range.start_ms < day->end_ms && range.end_ms > day->start_ms)) return Status::Ok();
    dated = true;
  }
  if (!dated) return Status::Ok();
  return NotFound(fmt::format(
      "no index of '{}' is of the day of {}, and none holds spans of the period: {} others are "
      "there, {} to {}",
      Printable(options_.index), TimeZone::Utc().FormatShort(range.start_ms), indices_.open.size(),
      Printable(indices_.open.front()), Printable(indices_.open.back())));
}

/// Records without a time are in no period; like those of files they are counted once for each run,
/// by whoever owns the slot of the empty endpoint.
Status SearchSource::CountUnplaced(search::SearchClient* client, const SpanQuery& query) {
  if (!query.slots.Contains(SlotOf("", "", "", query.slot_count))) return Status::Ok();
  const std::string members = fmt::format(
      R"("size":0,"track_total_hits":true,"query":{{"bool":{{"filter":[{{"match_all":{{}}}}{}],)"
      R"("must_not":[{{"exists":{{"field":{}}}}}]}}}})",
      layout_.JoinedClauses(), JsonQuote(layout_.time.name));
  TYMBAL_RETURN_IF_ERROR(
      client->Do(view_->Search(members, 0), [this](const search::HttpBody& body) -> Status {
        TYMBAL_ASSIGN_OR_RETURN(const search::CountAnswer answer,
                                search::CountAnswer::Parse(body, view_.get()));
        unplaced_promised_ = answer.total();
        return Status::Ok();
      }));
  unplaced_ = unplaced_promised_;
  return Status::Ok();
}

Result<std::optional<uint64_t>> SearchSource::Expected(const SpanQuery& /*query*/) {
  if (plan_.own && *plan_.own != own_ && view_->is_frozen()) {
    return BadInput(
        fmt::format("the server counted {} spans of this node's slots by their names, but {} have "
                    "such names in "
                    "their documents; use slot_read: scan",
                    *plan_.own, own_.load()));
  }
  return std::optional<uint64_t>(fetcher_->promised() + unplaced_promised_);
}

bool SearchSource::OwesIds() const { return fetcher_->owes_ids() && options_.slow_calls > 0; }

Status SearchSource::FindIds(const SpanQuery& query, std::vector<CallToFind>* calls) {
  std::vector<CallToFind*> sorted = IdFinder::Sort(calls);
  const std::span<CallToFind*> all(sorted);
  const size_t share = std::max(
      IdFinder::kCallsAtOnce, (all.size() + options_.fetch.requests - 1) / options_.fetch.requests);
  std::vector<Status> ended((all.size() + share - 1) / share);
  {
    std::vector<std::jthread> threads;  // Join when they go out of scope.
    for (size_t i = 0; i < ended.size(); ++i) {
      const auto some = all.subspan(i * share, std::min(share, all.size() - i * share));
      threads.emplace_back([this, &query, some, status = &ended[i],
                            client = std::shared_ptr<search::SearchClient>(MakeClient())] {
        *status = FindSome(query, client.get(), some);
      });
    }
  }
  const auto failed =
      std::find_if(ended.begin(), ended.end(), [](const Status& status) { return !status.ok(); });
  return failed == ended.end() ? Status::Ok() : *failed;
}

Status SearchSource::FindSome(const SpanQuery& query, search::SearchClient* client,
                              std::span<CallToFind*> calls) {
  TYMBAL_ASSIGN_OR_RETURN(const auto decoder, Decoder::Create(options_.profile, query.slot_count,
                                                              Decoder::Form::kIndexed));
  IdFinder finder(client, view_.get(), &layout_.time, &columns_->profile, decoder.get(),
                  static_cast<uint64_t>(indices_.result_window));
  return finder.Find(layout_.JoinedClauses(), calls);
}

std::string SearchSource::Describe() const {
  return fmt::format("{} of {}", options_.index, options_.cluster);
}

uint64_t SearchSource::promised() const { return fetcher_ == nullptr ? 0 : fetcher_->promised(); }

void SearchSource::AddSample(const search::Hit& hit, RejectReason reason) {
  const std::lock_guard lock(mutex_);
  if (sampled_[static_cast<size_t>(reason)]++ >= kSamplesPerReason) return;
  samples_.push_back(
      {hit.id.empty() ? std::string(hit.index) : fmt::format("{}/{}", hit.index, hit.id), 0, reason,
       std::string(ExcerptOf(hit))});
}

std::vector<RejectSample> SearchSource::RejectSamples() const {
  const std::lock_guard lock(mutex_);
  return samples_;
}

}  // namespace tymbal::worker
