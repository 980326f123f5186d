#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/http_client.h"
#include "search/index_catalog.h"
#include "search/request_gate.h"
#include "search/search_client.h"
#include "search/search_view.h"
#include "search/server_version.h"
#include "worker/column_layout.h"
#include "worker/index_layout.h"
#include "worker/page_fetcher.h"
#include "worker/profile.h"
#include "worker/read_plan.h"
#include "worker/read_way.h"
#include "worker/reject_sample.h"
#include "worker/span_source.h"

namespace tymbal::worker {

struct SearchSourceOptions {
  /// What is read of each record; nothing: what is cheapest.
  std::optional<ReadWay> read;
  size_t slow_calls = 5;  ///< Of each endpoint: their ids may have to be looked up.
  Profile profile;
  std::string index;            ///< Pattern: names and wildcards, separated by commas.
  std::string preference = {};  ///< See search::SearchView::Open().
  search::HttpClientFactory http;
  /// Shared by all sources of a process. Must outlive the source.
  search::RequestGate* gate = nullptr;
  search::SearchClientOptions client;
  PageFetcherOptions fetch;
  /// What the server is; nothing: it is asked.
  std::optional<search::ServerVersion> version;
  std::string cluster;  ///< What people call it, for messages: its hosts.
};

/// Reads spans from Elasticsearch or OpenSearch: every span of a period exactly once, or an error.
///
/// One view of the indices (a point in time where there is one), and in it: the records are counted
/// in short stretches of time, under the query's filter; each request asks for one slice that fits
/// into a page and must bring exactly what was counted. Threads of its own fetch, the readers
/// decode.
class SearchSource : public SpanSource {
 public:
  explicit SearchSource(SearchSourceOptions options);
  /// Gives up what is under way, and the point in time.
  ~SearchSource() override;

  /// Errors: those of SearchClient (kUnavailable: try again with a new source); kNotFound when no
  /// index of the pattern is there, or none for the day; kConflict when one that may hold spans of
  /// the period is closed; kBadInput when the index can't be read with the profile. REQUIRES: the
  /// query has a range; called once.
  Result<std::vector<std::unique_ptr<SpanReader>>> Open(const SpanQuery& query,
                                                        size_t parallelism) override;
  Result<std::optional<uint64_t>> Expected(const SpanQuery& query) override;
  bool OwesIds() const override;
  Status FindIds(const SpanQuery& query, std::vector<CallToFind>* calls) override;
  std::string Describe() const override;

  /// Returns what stands in the way of reading less; empty: nothing. REQUIRES: Open() was called.
  const std::string& warning() const { return plan_.warning; }
  SlotRead slot_read() const { return plan_.way; }
  /// Returns whether a server was asked as long as patience allows: a new source would wait in vain
  /// as well. Thread: any.
  bool gave_up() const { return gave_up_; }
  /// Returns how much there is to read. Thread: any.
  uint64_t promised() const;

  /// Returns the first rejected records of each reason.
  std::vector<RejectSample> RejectSamples() const;

 private:
  class Reader;

  std::unique_ptr<search::SearchClient> MakeClient(const std::atomic<bool>* cancel,
                                                   search::SearchClientOptions options);
  std::unique_ptr<search::SearchClient> MakeClient() {
    return MakeClient(&cancel_, options_.client);
  }
  Status FindIndices(search::SearchClient* client, const Period& range);
  Result<ReadPlan> PlanParts(search::SearchClient* client, const SpanQuery& query);
  void SetApartHoldingIndices(const Period& range);
  Result<FetchPlan> CountSlices(search::SearchClient* client, const Period& range);
  Status FindSome(const SpanQuery& query, search::SearchClient* client,
                  std::span<CallToFind*> calls);
  Result<std::vector<ReadWay>> WaysOf(const ReadPart& part, bool whole) const;
  Result<uint64_t> CountLookups(search::SearchClient* client, const Period& range,
                                const std::string& clauses);
  Status CheckNotMissing(const FetchPlan& fetch, const Period& range) const;
  Status CountUnplaced(search::SearchClient* client, const SpanQuery& query);
  bool SlicesByStart() const;
  void AddSample(const search::Hit& hit, RejectReason reason);

  const SearchSourceOptions options_;
  const std::atomic<bool> never_{false};
  std::atomic<bool> cancel_{false};
  std::atomic<bool> gave_up_{false};
  std::atomic<uint64_t> clients_{0};
  search::ServerVersion version_;
  search::IndexSet indices_;
  IndexLayout layout_;
  std::optional<ColumnLayout> columns_;
  std::string no_columns_;  // Why there are none.
  ReadPlan plan_;
  std::unique_ptr<search::SearchView> view_;
  std::unique_ptr<PageFetcher> fetcher_;
  std::atomic<uint64_t> own_{0};       // Records of the query's slots that count as ReadPlan::own.
  std::atomic<uint64_t> unplaced_{0};  // To be handed out.
  uint64_t unplaced_promised_ = 0;

  mutable std::mutex mutex_;  // Guards what follows.
  std::vector<RejectSample> samples_;
  std::array<size_t, kRejectReasons> sampled_{};
};

}  // namespace tymbal::worker
