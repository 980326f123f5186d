#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/status.h"
#include "search/hits_page.h"
#include "search/search_client.h"
#include "search/search_view.h"
#include "search/time_field.h"
#include "worker/page_chain.h"
#include "worker/read_way.h"
#include "worker/slice_queue.h"

namespace tymbal::worker {

/// The records of one request, proved to be all of its slice.
struct SpanPage {
  search::HttpBody body;
  search::HitsPage hits;  ///< Points into `body`.
  size_t part = 0;
  Period range;  ///< Of the times that were asked for.
  ReadWay way = ReadWay::kSource;
  bool in_sort_values = false;  ///< The columns stand in Hit::sort, not in Hit::record.
};

struct PageFetcherOptions {
  size_t requests = 4;           ///< Under way at a time: as many threads.
  size_t page_records = 10'000;  ///< At most in an answer.
  /// Pages are made smaller until they are about so long.
  size_t page_bytes = size_t{6} << 20;
};

struct FetchPart {
  std::string clauses;  ///< Beside the time range, each with a comma before it.
  ReadWayChooser chooser;
  /// Whether the view has a stored order of the records: what doesn't fit into a page is read in
  /// it.
  bool ordered = false;
  /// Whether each record has one value in each column without ids, so that they may be read as sort
  /// values.
  bool has_single_values = false;
  /// Set: the records lie side by side, so all are read in that order. REQUIRES: ordered.
  std::optional<PageChains> chains = {};
};

/// What to fetch.
struct FetchPlan {
  search::TimeField time;
  std::vector<FetchPart> parts;
  std::vector<Slice> slices;  ///< Counted.
  /// `docvalue_fields`, as JSON, for the ways that read columns.
  std::string columns;
  std::string columns_without_ids;
  /// The order whose sort values are the columns without ids; empty: they can't be had so.
  std::string column_order = {};
};

/// Fetches the slices of a plan on threads of its own, ahead of those who decode them, and no
/// further ahead than a few pages. Each slice proves that it is whole: as many records as were
/// counted before, as the server says there are, and as have come. What doesn't fit into a page is
/// counted in shorter slices, or read page by page in the stored order of a frozen view, each page
/// behind the last hit of the one before; only where there is none, and within one step of the
/// clock, by a scroll. Thread: any may call Next() and Recycle().
class PageFetcher {
 public:
  using MakeClient = std::function<std::unique_ptr<search::SearchClient>()>;

  /// `view` and `cancel` must outlive it; once `*cancel` is true, it ends soon.
  PageFetcher(const PageFetcherOptions& options, FetchPlan plan, search::SearchView* view,
              const MakeClient& make_client, const std::atomic<bool>* cancel);
  /// Waits for the threads. REQUIRES: all is fetched, or `*cancel` is true.
  ~PageFetcher();

  /// Waits for a page; nullptr: there are no more. Errors: a slice that can't be read; everyone
  /// gets it from then on.
  Result<std::unique_ptr<SpanPage>> Next();
  /// Gives the memory of a page back.
  void Recycle(std::unique_ptr<SpanPage> page);

  /// Returns how many records were promised: of a view that isn't frozen, what the last look at
  /// each slice has promised.
  uint64_t promised() const { return promised_; }
  /// Returns how long the answers were so far, in bytes.
  uint64_t bytes() const { return bytes_; }
  /// Returns whether something was read without the ids.
  bool owes_ids() const { return owes_ids_; }

 private:
  struct Fetched {
    std::unique_ptr<SpanPage> page;
    std::vector<Slice> instead;  ///< To be read in its place.
  };

  void Run(search::SearchClient* client);
  std::optional<Slice> TakeSlice();
  ReadWay ChooseWay(const Slice& slice);
  void Learn(const Slice& slice, ReadWay way, uint64_t records,
             std::chrono::steady_clock::time_point began);
  std::string HitMembers(const Slice& slice, ReadWay way, uint64_t size, std::string_view order,
                         bool count = true) const;
  const std::string& ClausesOf(const Slice& slice) const { return plan_.parts[slice.part].clauses; }
  Status FetchSlice(search::SearchClient* client, const Slice& slice);
  Result<Fetched> Fetch(search::SearchClient* client, const Slice& slice, ReadWay way);
  Result<std::vector<Slice>> Divide(search::SearchClient* client, const Slice& slice);
  Status Follow(search::SearchClient* client, const Slice& slice);
  Status Scroll(search::SearchClient* client, const Slice& slice);
  Status Hand(std::unique_ptr<SpanPage> page, bool wait);
  void PutBack(const std::vector<Slice>& slices, uint64_t count_before);
  void LearnPageSize(const SpanPage& page);
  std::unique_ptr<SpanPage> FreshPage(const Slice& slice, ReadWay way);

  const PageFetcherOptions options_;
  const FetchPlan plan_;  // Its choosers only begin with: choosers_ go on.
  search::SearchView* const view_;
  const std::atomic<bool>* const cancel_;
  std::atomic<uint64_t> promised_{0};
  std::atomic<uint64_t> bytes_{0};
  std::atomic<size_t> page_records_;
  std::atomic<bool> owes_ids_{false};

  std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  SliceQueue slices_;
  std::vector<ReadWayChooser> choosers_;  // Of each part.
  std::deque<std::unique_ptr<SpanPage>> ready_;
  std::vector<std::unique_ptr<SpanPage>> spare_;
  size_t working_ = 0;
  std::optional<Status> failure_;
  std::vector<std::thread> threads_;
};

}  // namespace tymbal::worker
