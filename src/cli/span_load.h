#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/search_opener.h"
#include "common/config.h"
#include "common/coverage.h"
#include "common/json_index.h"
#include "common/status.h"
#include "search/bulk_writer.h"
#include "worker/chunk_records.h"
#include "worker/decoder.h"
#include "worker/record_stream.h"

namespace tymbal::cli {

struct LoadOptions {
  size_t requests = 2;                   ///< Under way at a time.
  size_t batch_bytes = size_t{4} << 20;  ///< Of one request, about.
};

/// Returns the index that a span of this start belongs into: a pattern that ends in '*' stands for
/// an index a day (UTC). Errors: kInvalidArgument for other patterns.
Result<std::string> IndexForDay(const std::string& pattern, int64_t start_ms);

/// Writes span documents, as they are, to a search server. Thread: confined to one.
///
/// The id of a document is made of its trace id, its span id and a hash of its text; without both
/// ids, of the hash and its place in the input. So the same input loaded twice is there once.
class SpanLoad {
 public:
  /// `config` names server, index and profile. Notes go to `err`. Errors: those of SearchOpener and
  /// of SearchClient.
  static Result<std::unique_ptr<SpanLoad>> Open(const Config& config,
                                                const Environment& environment,
                                                const LoadOptions& options, std::ostream* err);

  /// Takes a record. REQUIRES: worker::kRecordPadding readable bytes behind it. Errors: those of
  /// BulkWriter.
  Status Add(const MarkedJson& record);
  /// Takes the records of a chunk of `file`. Errors: as above, and kBadInput for a saved answer
  /// that isn't whole, of which nothing is taken.
  Status Add(const worker::Chunk& chunk, const std::string& file);
  /// Waits until all is written, and asks the server to show it. Errors: as above.
  Status Finish();

  /// Returns how many records are written, or can't be.
  uint64_t settled() const { return writer_->totals().settled() + unusable_.Total(); }
  bool AnyLost() const { return unusable_.Total() > 0 || writer_->totals().refused > 0; }
  void WriteSummary(std::chrono::duration<double> took, std::ostream& out) const;

 private:
  explicit SpanLoad(std::unique_ptr<SearchOpener> opener) : opener_(std::move(opener)) {}

  Status NoteMissingTemplate(search::SearchClient* client, const search::ServerVersion& version,
                             std::ostream* err);

  const std::unique_ptr<SearchOpener> opener_;
  const std::atomic<bool> never_{false};
  std::unique_ptr<worker::Decoder> decoder_;
  worker::ChunkRecords in_chunk_;
  std::unique_ptr<search::BulkWriter> writer_;
  RejectCounts unusable_;  // Records that were not sent.
  uint64_t records_ = 0;
  std::string line_;  // Scratch.
};

}  // namespace tymbal::cli
