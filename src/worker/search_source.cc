#include "worker/search_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/text.h"
#include "common/time_text.h"
#include "search/count_answer.h"
#include "worker/decoder.h"
#include "worker/slice_counter.h"

namespace tymbal::worker {
namespace {

/// Small enough that a batch and what it points to stay in the first-level caches.
constexpr size_t kBatchSpans = 256;
constexpr size_t kSamplesPerReason = 3;
constexpr size_t kExcerptBytes = 120;
/// More endpoints than this in one period are ids in names; a listing of them would take minutes.
constexpr size_t kListedEndpointsMax = 2'000'000;

}  // namespace

/// Takes pages and decodes them.
class SearchSource::Reader : public SpanReader {
 public:
  Reader(SearchSource* source, std::unique_ptr<Decoder> decoder, const SpanQuery& query)
      : source_(source), decoder_(std::move(decoder)), query_(query) {}
  ~Reader() override { CountOwn(); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Result<bool> Next(SpanBatch* batch) override {
    batch->Clear();
    texts_.Clear();
    if (source_->unplaced_.load(std::memory_order_relaxed) > 0) HandOutUnplaced(batch);
    while (batch->spans.empty() && batch->rejected.empty() && batch->filtered == 0) {
      if (page_ == nullptr || next_ == page_->hits.hits.size()) {
        CountOwn();
        if (page_ != nullptr) source_->fetcher_->Recycle(std::move(page_));
        TYMBAL_ASSIGN_OR_RETURN(page_, source_->fetcher_->Next());
        if (page_ == nullptr) return false;
        next_ = 0;
        counts_own_ = source_->plan_.parts[page_->part].own.has_value();
        part_ = page_->part;
      }
      TYMBAL_RETURN_IF_ERROR(DecodeSome(batch));
    }
    return true;
  }

 private:
  void HandOutUnplaced(SpanBatch* batch) {
    uint64_t left = source_->unplaced_;
    while (!source_->unplaced_.compare_exchange_weak(left, left - std::min(left, kBatchRecords))) {
    }
    batch->rejected.resize(std::min(left, kBatchRecords), {RejectReason::kMissingStart, {}, {}});
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
    Span span;
    switch (decoder_->Decode(hit.record, &texts_, &span, &rejection)) {
      case Decoder::Outcome::kSpan:
        batch->spans.push_back(span);
        if (counts_own_) own_ += IsOwn(SlotOf(span.app, span.service, span.method, query_.slot_count));
        return Status::Ok();
      case Decoder::Outcome::kFiltered:
        ++batch->filtered;
        return Status::Ok();
      case Decoder::Outcome::kRejected:
        break;
    }
    if (rejection.reason == RejectReason::kWrongSlot) {
      return BadInput(fmt::format(
          "the document {}/{} carries a slot that isn't the one of its names: the pipeline that "
          "wrote it computes another function. Mend it (tymbal index install) and index anew, or "
          "use a profile without a slot",
          Printable(hit.index), Printable(hit.id)));
    }
    batch->rejected.push_back({rejection.reason, rejection.start_ms, rejection.slot});
    if (counts_own_ && rejection.slot) own_ += IsOwn(*rejection.slot);
    source_->AddSample(hit, rejection.reason);
    return Status::Ok();
  }

  uint64_t IsOwn(uint32_t slot) const { return query_.slots.Contains(slot) ? 1 : 0; }

  void CountOwn() {
    if (own_ > 0) source_->own_[part_] += std::exchange(own_, 0);
  }

  static constexpr uint64_t kBatchRecords = 4096;

  SearchSource* source_;
  std::unique_ptr<Decoder> decoder_;
  const SpanQuery query_;
  Arena texts_;  // Unescaped texts of the batch.
  std::unique_ptr<SpanPage> page_;
  size_t next_ = 0;
  size_t part_ = 0;
  bool counts_own_ = false;
  uint64_t own_ = 0;
};

SearchSource::SearchSource(SearchSourceOptions options) : options_(std::move(options)) {}

SearchSource::~SearchSource() {
  cancel_ = true;
  fetcher_.reset();
  if (view_ != nullptr && view_->is_frozen()) view_->Close(MakeClient(&never_).get());
}

std::unique_ptr<search::SearchClient> SearchSource::MakeClient(const std::atomic<bool>* cancel) {
  search::SearchClientOptions options = options_.client;
  options.seed += ++clients_;
  return std::make_unique<search::SearchClient>(options_.http(), options_.gate, cancel, options);
}

Result<std::vector<std::unique_ptr<SpanReader>>> SearchSource::Open(const SpanQuery& query,
                                                                    size_t parallelism) {
  TYMBAL_CHECK(query.range && fetcher_ == nullptr, "a search source reads one period, once");
  const auto client = MakeClient(&cancel_);
  TYMBAL_RETURN_IF_ERROR(FindIndices(client.get(), *query.range));
  TYMBAL_ASSIGN_OR_RETURN(
      view_, search::SearchView::Open(client.get(), version_, options_.index, indices_));
  TYMBAL_ASSIGN_OR_RETURN(plan_, PlanParts(client.get(), query));
  TYMBAL_ASSIGN_OR_RETURN(FetchPlan fetch, CountSlices(client.get(), *query.range));
  TYMBAL_RETURN_IF_ERROR(CheckNotMissing(fetch, *query.range));
  TYMBAL_RETURN_IF_ERROR(CountUnplaced(client.get(), query));
  own_ = std::vector<std::atomic<uint64_t>>(plan_.parts.size());
  PageFetcherOptions options = options_.fetch;
  options.page_records = std::min<size_t>(options.page_records,
                                          static_cast<size_t>(indices_.result_window));
  fetcher_ = std::make_unique<PageFetcher>(
      options, std::move(fetch), view_.get(), [this] { return MakeClient(&cancel_); }, &cancel_);
  std::vector<std::unique_ptr<SpanReader>> readers;
  for (size_t i = 0; i < parallelism; ++i) {
    TYMBAL_ASSIGN_OR_RETURN(auto decoder, Decoder::Create(options_.profile, query.slot_count));
    readers.push_back(std::make_unique<Reader>(this, std::move(decoder), query));
  }
  return readers;
}

Status SearchSource::FindIndices(search::SearchClient* client, const Period& range) {
  if (options_.version) {
    version_ = *options_.version;
  } else {
    TYMBAL_ASSIGN_OR_RETURN(version_, search::AskServerVersion(client));
  }
  TYMBAL_ASSIGN_OR_RETURN(indices_, search::ReadIndexSet(client, version_, options_.index,
                                                         FieldsOf(options_.profile)));
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
  return Status::Ok();
}

Result<ReadPlan> SearchSource::PlanParts(search::SearchClient* client, const SpanQuery& query) {
  if (query.slots == SlotRange{0, query.slot_count}) return PlanWhole(layout_);
  const SlotRead way = ChooseSlotRead(options_.profile, layout_);
  TYMBAL_RETURN_IF_ERROR(CheckSlotRead(way, options_.profile, layout_));
  if (way == SlotRead::kField) {
    return PlanByField(layout_, options_.profile, query.slots, query.slot_count);
  }
  if (way == SlotRead::kGroup) {
    std::string filter = layout_.time.RangeClause(*query.range);
    for (const std::string& clause : layout_.clauses) filter += "," + clause;
    TYMBAL_ASSIGN_OR_RETURN(
        const EndpointListing listing,
        ListEndpoints(client, view_.get(), layout_, filter, kListedEndpointsMax));
    return PlanByGroup(layout_, listing, query.slots, query.slot_count);
  }
  ReadPlan plan = PlanWhole(layout_);
  plan.warning = fmt::format(
      "every node reads all spans and drops those of other slots: the index has no slot, and {}",
      layout_.no_groups.empty() ? "slot_read is scan" : layout_.no_groups);
  return plan;
}

Result<FetchPlan> SearchSource::CountSlices(search::SearchClient* client, const Period& range) {
  FetchPlan fetch{layout_.time, {}, {}};
  SliceCounter counter(client, view_.get(), &layout_.time);
  for (size_t part = 0; part < plan_.parts.size(); ++part) {
    const std::string& clauses = plan_.parts[part].clauses;
    fetch.clauses.push_back(clauses);
    TYMBAL_ASSIGN_OR_RETURN(const std::vector<Slice> slices, counter.Count(part, clauses, range));
    fetch.slices.insert(fetch.slices.end(), slices.begin(), slices.end());
  }
  return fetch;
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
  std::string clauses;
  for (const std::string& clause : layout_.clauses) clauses += "," + clause;
  const std::string members = fmt::format(
      R"("size":0,"track_total_hits":true,"query":{{"bool":{{"filter":[{{"match_all":{{}}}}{}],)"
      R"("must_not":[{{"exists":{{"field":{}}}}}]}}}})",
      clauses, JsonQuote(layout_.time.name));
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

Result<std::optional<uint64_t>> SearchSource::Expected(const SpanQuery& query) {
  for (size_t part = 0; part < plan_.parts.size(); ++part) {
    const auto& promised = plan_.parts[part].own;
    if (!promised || *promised == own_[part] || !view_->is_frozen()) continue;
    return BadInput(fmt::format(
        "the server counted {} spans of the slots {} to {} by their names, but {} have such names "
        "in their documents; use slot_read: scan",
        *promised, query.slots.from, query.slots.to, own_[part].load()));
  }
  return std::optional<uint64_t>(fetcher_->promised() + unplaced_promised_);
}

std::string SearchSource::Describe() const {
  return fmt::format("{} of {}", options_.index, options_.cluster);
}

uint64_t SearchSource::promised() const { return fetcher_ == nullptr ? 0 : fetcher_->promised(); }

void SearchSource::AddSample(const search::Hit& hit, RejectReason reason) {
  const std::lock_guard lock(mutex_);
  if (sampled_[static_cast<size_t>(reason)]++ >= kSamplesPerReason) return;
  samples_.push_back({fmt::format("{}/{}", hit.index, hit.id), 0, reason,
                      std::string(hit.record.substr(0, kExcerptBytes))});
}

std::vector<RejectSample> SearchSource::RejectSamples() const {
  const std::lock_guard lock(mutex_);
  return samples_;
}

}  // namespace tymbal::worker
