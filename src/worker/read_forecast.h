#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/period.h"
#include "common/status.h"
#include "search/search_client.h"
#include "search/search_view.h"
#include "worker/index_look.h"
#include "worker/read_way.h"
#include "worker/search_source.h"

namespace tymbal::worker {

/// What reading a period as a whole would cost.
struct ReadForecast {
  Period range;
  uint64_t records = 0;
  uint64_t slotless = 0;  ///< Of them, without the slot that the index has a field for.
  uint64_t requests = 0;  ///< That bring spans.
  uint64_t bytes = 0;     ///< Of the answers, as a few records tell.
  double seconds = 0;     ///< By the measurements of read_way.h, or the limit on the rate.
};

/// Forecasts what a search source will do: by counting, and by looking at a few records of each
/// period. Thread: confined to that of its client.
class ReadForecaster {
 public:
  struct Options {
    uint64_t rate_max = 0;  ///< Spans a second; 0: no limit.
  };

  /// Opens a view of the indices. `client` and `look` must outlive it. REQUIRES: look->layout.
  /// Errors: those of SearchView::Open.
  static Result<std::unique_ptr<ReadForecaster>> Open(search::SearchClient* client,
                                                      const SearchSourceOptions& source,
                                                      const IndexLook* look,
                                                      const Options& options);
  /// Gives the view back to the server.
  ~ReadForecaster();
  ReadForecaster(const ReadForecaster&) = delete;
  ReadForecaster& operator=(const ReadForecaster&) = delete;

  /// Errors: those of SearchClient; kConflict when an index is closed that may hold spans of it.
  Result<ReadForecast> Of(const Period& range);
  /// Returns how many records have no time at all, and so are in no period.
  Result<uint64_t> CountTimeless();
  /// Returns how the records of a whole period would be read.
  ReadWay way() const { return source_.read.value_or(ReadWay::kSource); }

 private:
  ReadForecaster(search::SearchClient* client, SearchSourceOptions source, const IndexLook* look,
                 const Options& options)
      : client_(client), source_(std::move(source)), look_(look), options_(options) {}

  Result<uint64_t> Count(const std::string& query);
  Result<uint64_t> BytesOfRecord(const std::string& query);

  search::SearchClient* const client_;
  const SearchSourceOptions source_;
  const IndexLook* const look_;
  const Options options_;
  std::unique_ptr<search::SearchView> view_;
};

}  // namespace tymbal::worker
