#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/chunk_records.h"
#include "worker/decoder.h"
#include "worker/profile.h"
#include "worker/record_stream.h"
#include "worker/reject_sample.h"
#include "worker/span_source.h"

namespace tymbal::worker {

struct FileSourceOptions {
  std::vector<std::string> paths;  ///< "-" = standard input.
  Profile profile;
  uint32_t slots = kSlotsDefault;
  bool strict = false;  ///< The first rejected record is an error.
};

/// Reads spans from files: NDJSON, JSON lists, saved answers of a search server, plain, gzip or
/// zstd, or standard input.
///
/// The readers share one position: each takes the next chunk under a lock (reading is much faster
/// than decoding) and decodes it on its own thread. Queries with a range get the spans of that
/// range.
class FileSource : public SpanSource {
 public:
  /// Checks that every file can be opened, and that none is given twice. Errors: kBadInput,
  /// kInvalidArgument, naming the file.
  static Result<std::unique_ptr<FileSource>> Create(FileSourceOptions options);
  ~FileSource() override;

  Result<std::vector<std::unique_ptr<SpanReader>>> Open(const SpanQuery& query,
                                                        size_t parallelism) override;
  Result<std::optional<uint64_t>> Expected(const SpanQuery& query) override;
  std::string Describe() const override;

  /// Returns the size of all files and how much of them has been read, in bytes as on disk; the
  /// size is nothing when standard input is among them. Thread: any.
  std::optional<uint64_t> total_bytes() const { return total_bytes_; }
  uint64_t consumed_bytes() const { return consumed_bytes_; }

  /// Returns the first rejected records of each reason, by file and line. REQUIRES: all readers
  /// have come to their end.
  std::vector<RejectSample> RejectSamples() const;

  /// Returns the files that held no record at all. REQUIRES: as above.
  std::vector<std::string> EmptyFiles() const;

 private:
  class Reader;

  /// Where a record stands: lines are known only when all chunks before it have been decoded.
  struct Position {
    size_t file = 0;
    uint64_t chunk = 0;
    uint64_t line = 0;
    auto operator<=>(const Position&) const = default;
  };
  struct Sample {
    Position position;
    RejectReason reason;
    std::string excerpt;
  };
  struct FileProgress {
    std::vector<uint64_t> chunk_lines;
    uint64_t records = 0;
  };

  explicit FileSource(FileSourceOptions options) : options_(std::move(options)) {}

  Result<bool> NextChunk(Chunk* chunk, size_t* file);
  bool MayGoOn() const;
  Result<bool> ReadChunk(Chunk* chunk, size_t* file);
  void FinishChunk(size_t file, const Chunk& chunk, uint64_t records);
  /// A chunk turned out to be damaged: every reader ends with the error, which is returned.
  Status FailInChunk(size_t file, const Status& error);
  /// A reader goes away in the middle of a chunk.
  void AbandonChunk();
  void AddSamples(std::vector<Sample> samples);
  // REQUIRES: mutex_ is held.
  Status StrictError();
  RejectSample Resolve(const Sample& sample) const;

  const FileSourceOptions options_;
  std::optional<uint64_t> total_bytes_;

  // Held while a chunk is read, taken before the other, and guards what is read from: the next
  // three. Who has found an error doesn't wait for it.
  std::mutex reading_mutex_;
  size_t next_file_ = 0;
  std::unique_ptr<RecordStream> stream_;
  uint64_t consumed_before_ = 0;  // Bytes of the files that are done.

  std::atomic<uint64_t> consumed_bytes_{0};

  mutable std::mutex mutex_;  // Guards all below.
  std::condition_variable idle_;
  size_t in_flight_ = 0;           // Chunks that are being decoded.
  std::optional<Status> failure_;  // Of reading; every reader gets it.
  bool stopped_ = false;           // Strict: a rejected record was seen.
  std::vector<FileProgress> files_;
  std::vector<Sample> samples_;
};

}  // namespace tymbal::worker
