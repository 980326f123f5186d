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
#include "search/search_client.h"

namespace tymbal::search {

struct BulkWriterOptions {
  size_t batch_bytes =
      size_t{4} << 20;  ///< Requests are about so long; one document may be longer.
  size_t requests = 2;  ///< Under way at a time, as many threads.
  /// How long documents are sent again that a busy server doesn't take.
  std::chrono::milliseconds patience{120'000};
  bool typed = false;  ///< Elasticsearch 6 wants a type for each document.
};

struct BulkDocument {
  std::string_view index;
  std::string_view id;
  std::string_view source;  ///< A JSON object on one line.
};

struct BulkTotals {
  uint64_t created = 0;
  /// Their id was there already: from an earlier load, or from a try whose answer was lost.
  uint64_t present = 0;
  uint64_t refused = 0;
  uint64_t repeated = 0;             ///< Sent once more, since the server was busy.
  uint64_t bytes = 0;                ///< Of documents that are settled, with what goes before each.
  std::vector<std::string> reasons;  ///< Why documents were refused: the first ones.

  uint64_t settled() const { return created + present + refused; }
};

/// Writes documents by bulk requests that only create: what is there already stays, so that
/// everything may be sent twice. What a busy server turns away (429), a request or single
/// documents, is sent again with waits that double. Thread: confined to one, but totals() is for
/// any.
class BulkWriter {
 public:
  using MakeClient = std::function<std::unique_ptr<SearchClient>(const std::atomic<bool>* cancel)>;

  BulkWriter(const BulkWriterOptions& options, const MakeClient& make_client);
  /// Gives up what isn't written.
  ~BulkWriter();
  BulkWriter(const BulkWriter&) = delete;
  BulkWriter& operator=(const BulkWriter&) = delete;

  /// Takes a document; waits while enough others are under way. Errors: those of SearchClient, of
  /// any request before: nothing more is written then.
  Status Add(const BulkDocument& document);
  /// Waits until all is written. Errors: as above. REQUIRES: called once, and nothing after it.
  Status Finish();

  BulkTotals totals() const;

 private:
  struct Batch {
    std::string text;
    std::vector<size_t> ends;  // Of each document's lines in `text`.

    void Append(std::string_view lines);
    std::string_view Lines(size_t i) const;
  };
  /// What the server says of one document.
  struct Item {
    int status = 0;
    bool unparsed = false;  ///< A pipeline could not parse it, or another one of the same request.
    std::string reason;
  };
  /// What is still to be done about a batch.
  struct Rest {
    Batch busy;      // To be sent again.
    Batch unparsed;  // To be sent in two halves.
  };

  void Run(SearchClient* client);
  Status Send(SearchClient* client, Batch batch);
  static Status ReadItems(const HttpBody& body, size_t wanted, std::vector<Item>* items);
  /// Counts what is settled and returns the rest.
  Rest Settle(const Batch& batch, const std::vector<Item>& items);
  Status SendHalves(SearchClient* client, const Batch& batch);
  Status Pause(std::chrono::milliseconds time);
  Status HandOver();

  const BulkWriterOptions options_;
  std::atomic<bool> cancel_{false};
  Batch filling_;

  mutable std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  std::deque<Batch> waiting_;
  size_t sending_ = 0;
  bool ended_ = false;
  std::optional<Status> failure_;
  BulkTotals totals_;
  std::vector<std::thread> threads_;
};

}  // namespace tymbal::search
