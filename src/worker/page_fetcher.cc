#include "worker/page_fetcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/text.h"
#include "worker/slice_counter.h"

namespace tymbal::worker {
namespace {

/// Pages that are ready, beside those that are under way.
constexpr size_t kPagesAhead = 2;
constexpr size_t kPageRecordsMin = 16;
constexpr std::chrono::milliseconds kCancelInterval{100};
constexpr std::string_view kScrollKeepAlive = "3m";
/// Quickest; it says nothing about hits of different shards.
constexpr std::string_view kAnyOrder = R"("sort":["_doc"])";

std::string NameOf(const Slice& slice) {
  return fmt::format("the slice from {} to {} ms", slice.range.start_ms, slice.range.end_ms);
}

Result<uint64_t> TotalOf(const search::HitsPage& page) {
  const search::AnswerEnvelope& envelope = page.envelope;
  if (envelope.hits_total && envelope.hits_total_exact) return *envelope.hits_total;
  return Unavailable("the answer doesn't say how many records there are");
}

/// Returns whether a page of `size` hits continues a slice behind `last`. `counted`: the answer
/// must say how many records the slice has.
Status CheckChained(const search::HitsPage& page, const Slice& slice, uint64_t size,
                    search::Position last, bool counted) {
  uint64_t total = slice.count;
  if (counted) {
    TYMBAL_ASSIGN_OR_RETURN(total, TotalOf(page));
  }
  if (total != slice.count || page.hits.size() != size) {
    return Unavailable(fmt::format(
        "{} records were counted in {}, {} are said to be there; of the next {}, {} came",
        slice.count, NameOf(slice), total, size, page.hits.size()));
  }
  for (const search::Hit& hit : page.hits) {
    const search::Position position = search::PositionOf(hit);
    if (position <= last) {
      return Unavailable(
          fmt::format("a page of {} brought records that had come before: "
                      "it is the answer to another request",
                      NameOf(slice)));
    }
    last = position;
  }
  return Status::Ok();
}

}  // namespace

PageFetcher::PageFetcher(const PageFetcherOptions& options, FetchPlan plan,
                         search::SearchView* view, const MakeClient& make_client,
                         const std::atomic<bool>* cancel)
    : options_(options),
      plan_(std::move(plan)),
      view_(view),
      cancel_(cancel),
      page_records_(options.page_records) {
  for (const FetchPart& part : plan_.parts) choosers_.push_back(part.chooser);
  slices_.Append(plan_.slices);
  for (const Slice& slice : plan_.slices) promised_ += slice.count;
  for (size_t i = 0; i < options_.requests; ++i) {
    threads_.emplace_back([this, client = std::shared_ptr<search::SearchClient>(make_client())] {
      Run(client.get());
    });
  }
}

PageFetcher::~PageFetcher() {
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

Result<std::unique_ptr<SpanPage>> PageFetcher::Next() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (failure_) return *failure_;
    if (cancel_->load()) return Unavailable("cancelled");
    if (!ready_.empty()) break;
    if (slices_.empty() && working_ == 0) return std::unique_ptr<SpanPage>();
    changed_.wait_for(lock, kCancelInterval);
  }
  std::unique_ptr<SpanPage> page = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return page;
}

void PageFetcher::Recycle(std::unique_ptr<SpanPage> page) {
  const std::lock_guard lock(mutex_);
  spare_.push_back(std::move(page));
}

void PageFetcher::Run(search::SearchClient* client) {
  while (const auto slice = TakeSlice()) {
    const Status status = FetchSlice(client, *slice);
    const std::lock_guard lock(mutex_);
    --working_;
    if (!status.ok() && !failure_) failure_ = status;
    changed_.notify_all();
  }
}

/// Waits until there is a slice, and room for its page. Nothing: it is over.
std::optional<Slice> PageFetcher::TakeSlice() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (failure_ || cancel_->load()) return std::nullopt;
    if (slices_.empty() && working_ == 0) return std::nullopt;
    if (!slices_.empty() && ready_.size() + working_ < options_.requests + kPagesAhead) break;
    changed_.wait_for(lock, kCancelInterval);
  }
  ++working_;
  const size_t part = slices_.NextPart();
  const auto& chains = plan_.parts[part].chains;
  return slices_.Next(chains ? chains->slice_records
                             : choosers_[part].RecordsOfNext(page_records_.load()));
}

/// `count`: whether the answer is to say how many records the slice has.
std::string PageFetcher::HitMembers(const Slice& slice, ReadWay way, uint64_t size,
                                    std::string_view order, bool count) const {
  std::string what;
  if (way != ReadWay::kSource) what = R"(,"_source":false,"stored_fields":"_none_")";
  if (way != ReadWay::kSource && order != plan_.column_order) {
    what += R"(,"docvalue_fields":)" +
            (way == ReadWay::kColumns ? plan_.columns : plan_.columns_without_ids);
  }
  return fmt::format(R"("size":{},"track_total_hits":{},{},{}{})", size, count, order,
                     QueryMember(plan_.time, slice.range, ClausesOf(slice)), what);
}

Status PageFetcher::FetchSlice(search::SearchClient* client, const Slice& slice) {
  const bool fits = slice.count <= page_records_;
  const FetchPart& part = plan_.parts[slice.part];
  if (part.ordered && (!fits || part.chains)) return Follow(client, slice);
  const bool divisible = slice.range.end_ms - slice.range.start_ms > plan_.time.StepMs();
  if (!fits && !divisible) return Scroll(client, slice);
  if (!fits) {
    TYMBAL_ASSIGN_OR_RETURN(const auto parts, Divide(client, slice));
    PutBack(parts, slice.count);
    return Status::Ok();
  }
  const ReadWay way = ChooseWay(slice);
  const auto began = std::chrono::steady_clock::now();
  auto fetched = Fetch(client, slice, way);
  if (!fetched && fetched.error().code() == StatusCode::kExhausted && slice.count > 1) {
    page_records_ = std::max<size_t>(1, slice.count / 2);
    PutBack({slice}, slice.count);
    return Status::Ok();
  }
  if (!fetched) return fetched.error();
  if (fetched->page == nullptr) {
    PutBack(fetched->instead, slice.count);
    return Status::Ok();
  }
  Learn(slice, way, slice.count, began);
  return Hand(std::move(fetched->page), /*wait=*/false);
}

ReadWay PageFetcher::ChooseWay(const Slice& slice) {
  const std::lock_guard lock(mutex_);
  const ReadWay way = choosers_[slice.part].Next();
  if (way == ReadWay::kColumnsThenIds) owes_ids_ = true;
  return way;
}

void PageFetcher::Learn(const Slice& slice, ReadWay way, uint64_t records,
                        std::chrono::steady_clock::time_point began) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const std::lock_guard lock(mutex_);
  choosers_[slice.part].Learn(way, records, took.count());
}

Result<PageFetcher::Fetched> PageFetcher::Fetch(search::SearchClient* client, const Slice& slice,
                                                ReadWay way) {
  Fetched fetched{FreshPage(slice, way), {}};
  SpanPage& page = *fetched.page;
  page.in_sort_values = way == ReadWay::kColumnsThenIds && !plan_.column_order.empty() &&
                        plan_.parts[slice.part].has_single_values;
  const std::string members =
      HitMembers(slice, way, slice.count,
                 page.in_sort_values ? std::string_view(plan_.column_order) : kAnyOrder);
  search::HitsPageParser parser;
  uint64_t total = 0;
  const auto check = [&](const search::HttpBody& body) -> Status {
    TYMBAL_RETURN_IF_ERROR(parser.Parse(body, &page.hits));
    TYMBAL_RETURN_IF_ERROR(view_->Accept(page.hits.envelope));
    TYMBAL_ASSIGN_OR_RETURN(total, TotalOf(page.hits));
    const size_t came = page.hits.hits.size();
    const bool as_promised = total == slice.count && came == total;
    // What isn't frozen may have grown or shrunk since it was counted.
    const bool as_now = !view_->is_frozen() && came == std::min(total, slice.count);
    if (as_promised || as_now) return Status::Ok();
    return Unavailable(
        fmt::format("{} records were counted in {}, {} are said to be there, {} came", slice.count,
                    NameOf(slice), total, came));
  };
  TYMBAL_RETURN_IF_ERROR(client->Do(view_->Search(members, slice.count), check));
  if (total > slice.count) {
    fetched.instead = {{slice.part, slice.range, total}};
    Recycle(std::move(fetched.page));
    return fetched;
  }
  client->SwapBody(&page.body);
  promised_ -= slice.count - total;
  return fetched;
}

Result<std::vector<Slice>> PageFetcher::Divide(search::SearchClient* client, const Slice& slice) {
  return SliceCounter(client, view_, &plan_.time).Count(slice.part, ClausesOf(slice), slice.range);
}

/// No two records have one position, so pages that each begin behind the last, as many records as
/// were counted, are all of them.
Status PageFetcher::Follow(search::SearchClient* client, const Slice& slice) {
  const ReadWay way = ChooseWay(slice);
  const auto& chains = plan_.parts[slice.part].chains;
  const bool counts_every_page = view_->version().CountsEveryPage();
  search::Position last{-1, -1};
  for (uint64_t came = 0; came < slice.count;) {
    const uint64_t longest =
        std::min<uint64_t>(page_records_, chains ? chains->page_records : UINT64_MAX);
    const uint64_t size = NextPageRecords(came, slice.count, longest);
    std::string order(search::kStoredOrder);
    if (came > 0) order += fmt::format(R"(,"search_after":[{},{}])", last[0], last[1]);
    auto page = FreshPage(slice, way);
    search::HitsPageParser parser;
    const auto began = std::chrono::steady_clock::now();
    const bool counted = came == 0 || counts_every_page;
    const Status status =
        client->Do(view_->Search(HitMembers(slice, way, size, order, counted), size),
                   [&](const search::HttpBody& body) -> Status {
                     TYMBAL_RETURN_IF_ERROR(parser.Parse(body, &page->hits));
                     TYMBAL_RETURN_IF_ERROR(view_->Accept(page->hits.envelope));
                     return CheckChained(page->hits, slice, size, last, counted);
                   });
    if (status.code() == StatusCode::kExhausted && size > 1) {
      page_records_ = size / 2;
      Recycle(std::move(page));
      continue;
    }
    TYMBAL_RETURN_IF_ERROR(status);
    Learn(slice, way, size, began);
    last = search::PositionOf(page->hits.hits.back());
    came += size;
    client->SwapBody(&page->body);
    TYMBAL_RETURN_IF_ERROR(Hand(std::move(page), /*wait=*/true));
  }
  return Status::Ok();
}

/// The only way to more records of one step of the clock than a page holds. A page that is lost is
/// lost for good, so nothing is repeated: an error ends the whole reading.
Status PageFetcher::Scroll(search::SearchClient* client, const Slice& slice) {
  const ReadWay way = ReadWay::kSource;
  const std::string members = HitMembers(slice, way, page_records_, kAnyOrder);
  search::Call call = view_->Scroll(members, page_records_, kScrollKeepAlive);
  uint64_t came = 0;
  std::string scroll_id;
  while (true) {
    auto page = FreshPage(slice, way);
    search::HitsPageParser parser;
    const Status status = client->Do(call, [&](const search::HttpBody& body) -> Status {
      TYMBAL_RETURN_IF_ERROR(parser.Parse(body, &page->hits));
      TYMBAL_RETURN_IF_ERROR(search::CheckWhole(page->hits.envelope));
      if (page->hits.envelope.hits_total == slice.count) return Status::Ok();
      return Unavailable(fmt::format("{} records were counted in {}, {} are there", slice.count,
                                     NameOf(slice), page->hits.envelope.hits_total.value_or(0)));
    });
    if (!page->hits.scroll_id.empty()) scroll_id = page->hits.scroll_id;
    came += page->hits.hits.size();
    const bool over = !status.ok() || page->hits.hits.empty() || came >= slice.count;
    if (over) search::CloseScroll(client, scroll_id);
    TYMBAL_RETURN_IF_ERROR(status);
    if (page->hits.hits.empty()) break;
    client->SwapBody(&page->body);
    TYMBAL_RETURN_IF_ERROR(Hand(std::move(page), /*wait=*/true));
    if (over) break;
    call = search::NextScroll(scroll_id, page_records_, kScrollKeepAlive);
  }
  if (came == slice.count) return Status::Ok();
  return Unavailable(
      fmt::format("a scroll brought {} of {} records of {}", came, slice.count, NameOf(slice)));
}

Status PageFetcher::Hand(std::unique_ptr<SpanPage> page, bool wait) {
  bytes_ += page->body.size;
  LearnPageSize(*page);
  std::unique_lock lock(mutex_);
  while (wait && ready_.size() >= options_.requests + kPagesAhead && !failure_) {
    if (cancel_->load()) return Unavailable("cancelled");
    changed_.wait_for(lock, kCancelInterval);
  }
  if (failure_) return *failure_;
  ready_.push_back(std::move(page));
  changed_.notify_all();
  return Status::Ok();
}

void PageFetcher::PutBack(const std::vector<Slice>& slices, uint64_t count_before) {
  const std::lock_guard lock(mutex_);
  slices_.Prepend(slices);
  for (const Slice& slice : slices) promised_ += slice.count;
  promised_ -= count_before;
  changed_.notify_all();
}

void PageFetcher::LearnPageSize(const SpanPage& page) {
  const size_t records = page.hits.hits.size();
  if (records < kPageRecordsMin) return;
  const size_t fitting = options_.page_bytes / std::max<size_t>(1, page.body.size / records);
  page_records_ = std::min(std::max(fitting, kPageRecordsMin), options_.page_records);
}

std::unique_ptr<SpanPage> PageFetcher::FreshPage(const Slice& slice, ReadWay way) {
  std::unique_ptr<SpanPage> page;
  {
    const std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      page = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  if (page == nullptr) page = std::make_unique<SpanPage>();
  page->part = slice.part;
  page->range = slice.range;
  page->way = way;
  page->in_sort_values = false;
  return page;
}

}  // namespace tymbal::worker
