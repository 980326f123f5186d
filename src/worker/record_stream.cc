#include "worker/record_stream.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "common/json_index.h"
#include "worker/decoder.h"

namespace tymbal::worker {
namespace {

/// Large enough that a chunk's overhead vanishes, small enough to stay in the second-level cache
/// with its index.
constexpr size_t kChunkBytes = 128 * 1024;
constexpr int kArrayDepthMax = 2;  // A list of traces, each a list of spans.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kBlank = " \t\r\n";

/// Returns where the value that starts at `begin` ends, or nothing if it goes on behind the text.
/// Knows only strings and brackets: whether the value is right is the decoder's business.
std::optional<size_t> EndOfValue(std::string_view text, size_t begin) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
        if (depth == 0) return i + 1;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return i;  // Of a bare word in an array.
      if (--depth == 0) return i + 1;
    } else if (depth == 0 && (c == ',' || IsBlank(c))) {
      return i;
    }
  }
  return std::nullopt;
}

bool StartsList(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return false;
  if (text[first] == '[') return true;
  // A pretty-printed object has its first brace alone on a line.
  const size_t line_end = text.find('\n', first);
  return text[first] == '{' && line_end != std::string_view::npos &&
         text.substr(first + 1, line_end - first - 1).find_first_not_of(kBlank) ==
             std::string_view::npos;
}

/// Returns whether the text begins with an answer of a search: an object `hits` with a list `hits`.
/// Goes along the members of the outer object, and into the first `hits`.
bool StartsAnswer(std::string_view text) {
  size_t at = text.find_first_not_of(kBlank);
  if (at == std::string_view::npos || text[at] != '{') return false;
  bool in_hits = false;
  ++at;
  while (true) {
    at = text.find_first_not_of(" \t\r\n,", at);
    if (at == std::string_view::npos || text[at] != '"') return false;
    const std::optional<size_t> key_end = EndOfValue(text, at);
    if (!key_end) return false;
    const std::string_view key = text.substr(at, *key_end - at);
    at = text.find_first_not_of(" \t\r\n:", *key_end);
    if (at == std::string_view::npos) return false;
    if (key == "\"hits\"" && in_hits) return text[at] == '[';
    if (key == "\"hits\"" && text[at] == '{') {
      in_hits = true;
      ++at;
      continue;
    }
    const std::optional<size_t> value_end = EndOfValue(text, at);
    if (!value_end || *value_end == at) return false;
    at = *value_end;
  }
}

uint64_t CountLines(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

Result<bool> RecordStream::Next(Chunk* chunk) {
  chunk->places.clear();
  chunk->size = 0;
  chunk->lines = 0;
  chunk->too_long = false;
  if (skip_line_) TYMBAL_RETURN_IF_ERROR(SkipLongLine(chunk));
  TYMBAL_RETURN_IF_ERROR(Fill(chunk, kChunkBytes));
  if (form_ == Form::kUnknown) {
    if (chunk->text().starts_with(kByteOrderMark)) {
      chunk->size -= kByteOrderMark.size();
      std::memmove(chunk->buffer.data(), chunk->buffer.data() + kByteOrderMark.size(), chunk->size);
    }
    form_ = StartsList(chunk->text()) ? Form::kList : Form::kLines;
    is_answers_ = StartsAnswer(chunk->text());
  }
  chunk->is_answers = is_answers_;
  chunk->is_lines = form_ == Form::kLines;
  return chunk->is_lines ? NextLines(chunk) : NextList(chunk);
}

/// Puts the rest of the last chunk in front and reads until `wanted` bytes are there or the end.
Status RecordStream::Fill(Chunk* chunk, size_t wanted) {
  if (chunk->buffer.size() < wanted + kRecordPadding) chunk->buffer.resize(wanted + kRecordPadding);
  if (chunk->size == 0) {
    chunk->size = rest_.size();
    std::copy(rest_.begin(), rest_.end(), chunk->buffer.begin());
    rest_.clear();
  }
  while (chunk->size < wanted && !at_end_) {
    TYMBAL_ASSIGN_OR_RETURN(const size_t got,
                            input_->Read(chunk->buffer.data() + chunk->size, wanted - chunk->size));
    chunk->size += got;
    at_end_ = got == 0;
  }
  return Status::Ok();
}

/// Hands out the first `used` bytes and keeps the others for the next chunk.
bool RecordStream::Finish(Chunk* chunk, size_t used) {
  const auto begin = chunk->buffer.begin() + static_cast<std::ptrdiff_t>(used);
  rest_.assign(begin, chunk->buffer.begin() + static_cast<std::ptrdiff_t>(chunk->size));
  chunk->size = used;
  chunk->number = chunks_++;
  chunk->offset = offset_;
  offset_ += used;
  return true;
}

Result<bool> RecordStream::NextLines(Chunk* chunk) {
  size_t searched = 0;  // There is no line end before it.
  while (true) {
    if (chunk->size == 0 && at_end_) return false;
    chunk->first_line_bytes_min = searched;
    if (at_end_) return Finish(chunk, chunk->size);
    // An answer is one long line, so this is faster than string_view's search byte by byte.
    const auto* const last = static_cast<const char*>(
        memrchr(chunk->buffer.data() + searched, '\n', chunk->size - searched));
    if (last != nullptr) {
      return Finish(chunk, static_cast<size_t>(last - chunk->buffer.data()) + 1);
    }
    searched = chunk->size;
    if (is_answers_ && chunk->size >= kAnswerBytesMax) return AnswerTooLong();
    if (!is_answers_ && chunk->size >= kRecordBytesMax) {
      chunk->too_long = true;
      chunk->lines = 1;
      skip_line_ = true;
      chunk->size = 0;
      return Finish(chunk, 0);
    }
    TYMBAL_RETURN_IF_ERROR(Fill(chunk, 2 * chunk->size));
  }
}

Status RecordStream::AnswerTooLong() const {
  return BadInput(input_->name() + ": the answer at byte " + std::to_string(offset_) +
                  " is longer than 64 MiB; ask for fewer hits at a time");
}

Status RecordStream::SkipLongLine(Chunk* chunk) {
  skip_line_ = false;
  while (true) {
    chunk->size = 0;
    TYMBAL_RETURN_IF_ERROR(Fill(chunk, kChunkBytes));
    const size_t line_end = chunk->text().find('\n');
    if (line_end != std::string_view::npos) {
      const size_t used = line_end + 1;
      chunk->size -= used;
      std::memmove(chunk->buffer.data(), chunk->buffer.data() + used, chunk->size);
      return Status::Ok();
    }
    if (at_end_) {
      chunk->size = 0;
      return Status::Ok();
    }
  }
}

Result<bool> RecordStream::NextList(Chunk* chunk) {
  size_t position = 0;  // All before it is done.
  while (true) {
    const std::string_view text = chunk->text();
    uint64_t counted_to = position;
    while (position < text.size()) {
      const char c = text[position];
      if (IsBlank(c) || c == ',') {
        ++position;
      } else if (c == '[' && array_depth_ < kArrayDepthMax) {
        ++array_depth_;
        ++position;
      } else if (c == ']' && array_depth_ > 0) {
        --array_depth_;
        ++position;
      } else {
        std::optional<size_t> end = EndOfValue(text, position);
        if (!end && at_end_ && c != '{' && c != '[' && c != '"') end = text.size();
        if (!end) break;
        if (*end == position) ++*end;  // A bracket that closes nothing.
        chunk->lines += CountLines(text.substr(counted_to, position - counted_to));
        chunk->places.push_back({position, *end - position, chunk->lines});
        counted_to = position;
        position = *end;
      }
    }
    chunk->lines += CountLines(text.substr(counted_to, position - counted_to));
    if (at_end_ && (position < text.size() || array_depth_ > 0)) {
      return BadInput(input_->name() + ": the JSON list ends too early (line " +
                      std::to_string(lines_ + chunk->lines + 1) + "); the file was cut off");
    }
    if (at_end_ && chunk->size == 0) return false;
    if (position > 0) {
      lines_ += chunk->lines;
      return Finish(chunk, position);
    }
    if (is_answers_ && chunk->size >= kAnswerBytesMax) return AnswerTooLong();
    if (!is_answers_ && chunk->size >= kRecordBytesMax) {
      return BadInput(input_->name() + ": a record of the JSON list (line " +
                      std::to_string(lines_ + 1) + ") is longer than 16 MiB");
    }
    TYMBAL_RETURN_IF_ERROR(Fill(chunk, 2 * chunk->size));
  }
}

}  // namespace tymbal::worker
