#include "worker/file_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace tymbal::worker {
namespace {

/// Small enough that a batch and what it points to stay in the first-level caches.
constexpr size_t kBatchSpans = 256;
constexpr size_t kSamplesPerReason = 3;
constexpr size_t kExcerptBytes = 120;
constexpr size_t kDescribedFiles = 3;

}  // namespace

/// Takes chunks from the source and decodes them.
class FileSource::Reader : public SpanReader {
 public:
  Reader(FileSource* source, std::unique_ptr<Decoder> decoder, std::optional<Period> range)
      : source_(source), decoder_(std::move(decoder)), range_(range) {}

  ~Reader() override {
    if (has_chunk_) source_->AbandonChunk();
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Result<bool> Next(SpanBatch* batch) override {
    batch->Clear();
    texts_.Clear();
    while (batch->spans.empty() && batch->rejected.empty() && batch->filtered == 0) {
      if (!has_chunk_) {
        TYMBAL_ASSIGN_OR_RETURN(has_chunk_, source_->NextChunk(&chunk_, &file_));
        if (!has_chunk_) return false;
        in_chunk_.Begin(chunk_);
        records_ = 0;
        if (chunk_.too_long) Reject({RejectReason::kRecordTooLong, {}, {}}, {}, 0, batch);
      }
      TYMBAL_RETURN_IF_ERROR(DecodeSome(batch));
    }
    return true;
  }

 private:
  Status DecodeSome(SpanBatch* batch) {
    while (batch->spans.size() < kBatchSpans) {
      const MarkedJson* record = nullptr;
      uint64_t line = 0;
      Decoder::Rejection rejection;
      Span& span = batch->AddSpan();
      const auto outcome = DecodeNext(&record, &line, &span, &rejection);
      if (outcome == Decoder::Outcome::kSpan && InRange(span.start_ms)) continue;
      batch->spans.pop_back();
      if (!outcome) return EndChunk();
      if (outcome == Decoder::Outcome::kFiltered) {
        ++batch->filtered;
      } else if (outcome == Decoder::Outcome::kRejected &&
                 (!rejection.start_ms || InRange(*rejection.start_ms))) {
        Reject(rejection, record->text, line, batch);
      }
    }
    return Status::Ok();
  }

  /// Returns nothing at the end of the chunk.
  std::optional<Decoder::Outcome> DecodeNext(const MarkedJson** record, uint64_t* line, Span* span,
                                             Decoder::Rejection* rejection) {
    *record = in_chunk_.Guess(line);
    if (*record != nullptr) {
      const bool is_hit = chunk_.is_answers;
      const auto outcome = decoder_->DecodeGuess(**record, is_hit, &texts_, span, rejection);
      // A rejected hit is decoded again: people are shown its document.
      if (outcome && !(is_hit && *outcome == Decoder::Outcome::kRejected)) {
        in_chunk_.Accept();
        ++records_;
        return outcome;
      }
    }
    *record = in_chunk_.Next(line);
    if (*record == nullptr) return std::nullopt;
    ++records_;
    return decoder_->Decode(**record, &texts_, span, rejection, in_chunk_.enclosing());
  }

  Status EndChunk() {
    has_chunk_ = false;
    if (!in_chunk_.status().ok()) return source_->FailInChunk(file_, in_chunk_.status());
    if (chunk_.is_lines && !chunk_.too_long) chunk_.lines = in_chunk_.lines();
    if (!samples_.empty()) source_->AddSamples(std::exchange(samples_, {}));
    source_->FinishChunk(file_, chunk_, records_);
    return Status::Ok();
  }

  void Reject(const Decoder::Rejection& rejection, std::string_view record, uint64_t line,
              SpanBatch* batch) {
    const RejectReason reason = rejection.reason;
    batch->rejected.push_back({reason, rejection.start_ms, rejection.slot});
    // This reader meets records in order, so its first ones of a reason are enough.
    if (sampled_[static_cast<size_t>(reason)]++ >= kSamplesPerReason) return;
    samples_.push_back(
        {{file_, chunk_.number, line}, reason, std::string(record.substr(0, kExcerptBytes))});
  }

  bool InRange(int64_t start_ms) const {
    return !range_ || (start_ms >= range_->start_ms && start_ms < range_->end_ms);
  }

  FileSource* source_;
  std::unique_ptr<Decoder> decoder_;
  std::optional<Period> range_;
  Arena texts_;  // Unescaped texts of the batch.

  Chunk chunk_;
  size_t file_ = 0;
  bool has_chunk_ = false;
  ChunkRecords in_chunk_;
  uint64_t records_ = 0;
  std::vector<Sample> samples_;
  std::array<size_t, kRejectReasons> sampled_{};
};

Result<std::unique_ptr<FileSource>> FileSource::Create(FileSourceOptions options) {
  std::set<std::pair<dev_t, ino_t>> seen;
  std::optional<uint64_t> total = 0;
  for (const std::string& path : options.paths) {
    if (path == kStandardInput) {
      total.reset();
      continue;
    }
    struct stat status {};
    const bool found = stat(path.c_str(), &status) == 0;
    // A pipe gives its first bytes only once, so it isn't opened before it is read.
    if (!found || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
      TYMBAL_ASSIGN_OR_RETURN(const auto stream, InputStream::Open(path));  // Says what is wrong.
    }
    if (!found) continue;
    if (!seen.emplace(status.st_dev, status.st_ino).second) {
      return InvalidArgument(path + " is given twice; its spans would count twice");
    }
    if (!S_ISREG(status.st_mode)) total.reset();
    if (total) *total += static_cast<uint64_t>(status.st_size);
  }
  if (std::count(options.paths.begin(), options.paths.end(), kStandardInput) > 1) {
    return InvalidArgument("standard input (-) is given twice");
  }
  // Find mistakes in the profile before any data is read.
  TYMBAL_ASSIGN_OR_RETURN(const auto decoder, Decoder::Create(options.profile, options.slots));
  std::unique_ptr<FileSource> source(new FileSource(std::move(options)));
  source->total_bytes_ = total;
  source->files_.resize(source->options_.paths.size());
  return source;
}

FileSource::~FileSource() = default;

Result<std::vector<std::unique_ptr<SpanReader>>> FileSource::Open(const SpanQuery& query,
                                                                  size_t parallelism) {
  {
    const std::scoped_lock lock(reading_mutex_, mutex_);
    stream_.reset();
    next_file_ = 0;
    consumed_before_ = consumed_bytes_ = 0;
    failure_.reset();
    stopped_ = false;
    samples_.clear();
    for (FileProgress& file : files_) file = {};
  }
  std::vector<std::unique_ptr<SpanReader>> readers;
  for (size_t i = 0; i < parallelism; ++i) {
    TYMBAL_ASSIGN_OR_RETURN(auto decoder, Decoder::Create(options_.profile, options_.slots));
    readers.push_back(std::make_unique<Reader>(this, std::move(decoder), query.range));
  }
  return readers;
}

Result<std::optional<uint64_t>> FileSource::Expected(const SpanQuery& /*query*/) {
  return std::optional<uint64_t>();
}

std::string FileSource::Describe() const {
  std::string text;
  for (size_t i = 0; i < options_.paths.size() && i < kDescribedFiles; ++i) {
    const std::string& path = options_.paths[i];
    text += (i == 0 ? "" : ", ") + (path == kStandardInput ? "standard input" : path);
  }
  if (options_.paths.size() > kDescribedFiles) {
    text += " and " + std::to_string(options_.paths.size() - kDescribedFiles) + " more";
  }
  return text;
}

Result<bool> FileSource::NextChunk(Chunk* chunk, size_t* file) {
  if (MayGoOn()) {  // Else nobody waits for the one that reads, perhaps from a slow pipe.
    const std::lock_guard reading(reading_mutex_);
    if (MayGoOn()) {
      const auto more = ReadChunk(chunk, file);
      const std::lock_guard lock(mutex_);
      if (!more && !failure_) failure_ = more.error();
      if (failure_) return *failure_;
      if (*more) ++in_flight_;
      return more;
    }
  }
  std::unique_lock lock(mutex_);
  if (failure_) return *failure_;
  // Strict: an earlier record may still turn out to be the first bad one.
  idle_.wait(lock, [this] { return in_flight_ == 0; });
  return StrictError();
}

bool FileSource::MayGoOn() const {
  const std::lock_guard lock(mutex_);
  return !failure_ && !stopped_;
}

Result<bool> FileSource::ReadChunk(Chunk* chunk, size_t* file) {
  for (; next_file_ < options_.paths.size(); ++next_file_) {
    if (!stream_) {
      TYMBAL_ASSIGN_OR_RETURN(auto input, InputStream::Open(options_.paths[next_file_]));
      stream_ = std::make_unique<RecordStream>(std::move(input));
    }
    const auto more = stream_->Next(chunk);
    consumed_bytes_ = consumed_before_ + stream_->consumed();
    if (!more) return more.error();
    *file = next_file_;
    if (*more) return true;
    consumed_before_ = consumed_bytes_;
    stream_.reset();
  }
  return false;
}

void FileSource::FinishChunk(size_t file, const Chunk& chunk, uint64_t records) {
  const std::lock_guard lock(mutex_);
  FileProgress& progress = files_[file];
  if (progress.chunk_lines.size() <= chunk.number) progress.chunk_lines.resize(chunk.number + 1);
  progress.chunk_lines[chunk.number] = chunk.lines;
  progress.records += records + (chunk.too_long ? 1 : 0);
  if (--in_flight_ == 0) idle_.notify_all();
}

void FileSource::AbandonChunk() {
  const std::lock_guard lock(mutex_);
  if (--in_flight_ == 0) idle_.notify_all();
}

Status FileSource::FailInChunk(size_t file, const Status& error) {
  const std::string& path = options_.paths[file];
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = error.WithContext(path == kStandardInput ? "standard input" : path);
  if (--in_flight_ == 0) idle_.notify_all();
  return *failure_;
}

void FileSource::AddSamples(std::vector<Sample> samples) {
  const std::lock_guard lock(mutex_);
  if (options_.strict && !samples.empty()) stopped_ = true;
  std::move(samples.begin(), samples.end(), std::back_inserter(samples_));
}

RejectSample FileSource::Resolve(const Sample& sample) const {
  const std::vector<uint64_t>& lines = files_[sample.position.file].chunk_lines;
  uint64_t line = sample.position.line + 1;
  for (uint64_t chunk = 0; chunk < sample.position.chunk; ++chunk) line += lines[chunk];
  const std::string& path = options_.paths[sample.position.file];
  return {path == kStandardInput ? "standard input" : path, line, sample.reason, sample.excerpt};
}

Status FileSource::StrictError() {
  const auto first =
      std::min_element(samples_.begin(), samples_.end(),
                       [](const Sample& a, const Sample& b) { return a.position < b.position; });
  const RejectSample sample = Resolve(*first);
  return BadInput(sample.file + ":" + std::to_string(sample.line) + ": " +
                  std::string(RejectReasonText(sample.reason)) + " (--strict)");
}

std::vector<RejectSample> FileSource::RejectSamples() const {
  const std::lock_guard lock(mutex_);
  std::vector<Sample> sorted = samples_;
  std::sort(sorted.begin(), sorted.end(),
            [](const Sample& a, const Sample& b) { return a.position < b.position; });
  std::vector<RejectSample> samples;
  std::array<size_t, kRejectReasons> taken{};
  for (const Sample& sample : sorted) {
    if (taken[static_cast<size_t>(sample.reason)]++ < kSamplesPerReason) {
      samples.push_back(Resolve(sample));
    }
  }
  return samples;
}

std::vector<std::string> FileSource::EmptyFiles() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> empty;
  for (size_t i = 0; i < files_.size(); ++i) {
    if (files_[i].records == 0) empty.push_back(options_.paths[i]);
  }
  return empty;
}

}  // namespace tymbal::worker
