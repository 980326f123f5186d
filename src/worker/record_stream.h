#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "worker/input_stream.h"

namespace tymbal::worker {

/// A longer record is rejected as a whole and skipped; it bounds the memory of a chunk.
inline constexpr size_t kRecordBytesMax = 16UL * 1024 * 1024;
/// A longer saved answer of a search is an error; as much as is taken from a server at a time.
inline constexpr size_t kAnswerBytesMax = 64UL * 1024 * 1024;

/// A piece of a file that begins and ends between records.
struct Chunk {
  std::vector<char> buffer;  ///< `size` bytes of text and at least kRecordPadding more.
  size_t size = 0;
  uint64_t number = 0;  ///< Within its file, from 0.
  uint64_t offset = 0;  ///< Of its first byte in the text of the file.
  /// Lists (JSON arrays and concatenated values): where the records are. Lines: empty, since each
  /// line is a record.
  struct Place {
    size_t offset;
    size_t size;
    uint64_t line;  ///< Line of the chunk, from 0.
  };
  std::vector<Place> places;
  bool is_lines = true;
  size_t first_line_bytes_min = 0;  ///< Lines: no line ends within so many bytes.
  /// What stands in the lines or places are saved answers of a search; their hits hold the records.
  bool is_answers = false;
  uint64_t lines = 0;  ///< Line ends in the chunk; for lines the consumer counts them.
  /// The chunk is not text but stands for one record that was longer than kRecordBytesMax.
  bool too_long = false;

  std::string_view text() const { return {buffer.data(), size}; }
};

/// Cuts the text of one file into chunks of whole records. Two forms are told apart by their start:
/// - lines: each line is a record (NDJSON). Blank lines are skipped.
/// - a list: the text starts with '[', or its first line is just '{'. The records are the objects
///   within one or two levels of JSON arrays (a list of spans, a list of traces), or pretty-printed
///   objects one after the other.
/// Both may hold saved answers of a search server instead of records, if the first one is an
/// answer. An answer stays in one piece: whoever takes the chunk looks for its hits.
/// Thread: confined to one at a time.
class RecordStream {
 public:
  explicit RecordStream(std::unique_ptr<InputStream> input) : input_(std::move(input)) {}

  /// Fills `chunk` with the next records; returns false at the end. Errors: those of InputStream,
  /// and kBadInput when a list ends before its last bracket or an answer is too long.
  Result<bool> Next(Chunk* chunk);

  uint64_t consumed() const { return input_->consumed(); }

 private:
  enum class Form : uint8_t { kUnknown, kLines, kList };

  Status Fill(Chunk* chunk, size_t wanted);
  Result<bool> NextLines(Chunk* chunk);
  Result<bool> NextList(Chunk* chunk);
  Status SkipLongLine(Chunk* chunk);
  Status AnswerTooLong() const;
  bool Finish(Chunk* chunk, size_t used);

  std::unique_ptr<InputStream> input_;
  Form form_ = Form::kUnknown;
  std::vector<char> rest_;  // Read, but behind the last whole record.
  bool at_end_ = false;
  bool skip_line_ = false;  // The rest of a line that was too long comes next.
  int array_depth_ = 0;     // Lists: arrays that are open between records.
  bool is_answers_ = false;
  uint64_t lines_ = 0;   // Lists: line ends before the chunk, for messages.
  uint64_t offset_ = 0;  // Of the next chunk.
  uint64_t chunks_ = 0;
};

}  // namespace tymbal::worker
