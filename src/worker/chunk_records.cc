#include "worker/chunk_records.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>

#include "search/answer_envelope.h"
#include "worker/decoder.h"

namespace tymbal::worker {
namespace {

static_assert(kRecordPadding >= search::kBodyPadding, "an answer is parsed where it stands");

bool IsBlankLine(std::string_view line) {
  const bool begins_with_text = !line.empty() && line.front() > ' ';  // Nearly all do.
  return !begins_with_text && line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

void ChunkRecords::Begin(const Chunk& chunk) {
  chunk_ = &chunk;
  offset_ = place_ = 0;
  line_ = 0;
  in_answer_ = false;
  status_ = Status::Ok();
  mark_ = 0;
  if (chunk.is_answers) return;
  // Where it fails, records are looked at one by one, and only those that are damaged rejected.
  const Status indexed = index_.Build(chunk.text());
  escapes_ = EscapeFinder(chunk.text());
}

const MarkedJson* ChunkRecords::Next(uint64_t* line) {
  if (chunk_->is_answers) return NextHit(line);
  std::string_view text;
  if (!NextText(&text, line)) return nullptr;
  Mark(text);
  return &record_;
}

const MarkedJson* ChunkRecords::Guess(uint64_t* line) {
  if (!chunk_->is_answers) return GuessLine(line);
  *line = answer_line_;
  return in_answer_ ? parser_.Guess() : nullptr;
}

void ChunkRecords::Accept() {
  if (chunk_->is_answers) return parser_.Accept();
  mark_ += marks_of_record_;
  offset_ = behind_guess_;
  ++line_;
}

const MarkedJson* ChunkRecords::GuessLine(uint64_t* line) {
  const std::span<const uint32_t> marks = index_.marks();
  const size_t first = mark_ + marks_of_record_;
  const size_t behind = first + marks_of_record_;
  if (!chunk_->is_lines || marks_of_record_ == 0 || behind > marks.size() ||
      marks[first] != offset_) {
    return nullptr;
  }
  const size_t end = marks[behind - 1] + 1;
  const std::string_view left = chunk_->text().substr(end);
  if (!left.starts_with('\n') && !left.starts_with("\r\n")) return nullptr;
  behind_guess_ = end + (left.front() == '\n' ? 1 : 2);
  SetRecord({chunk_->buffer.data() + offset_, end - offset_}, first);
  *line = line_;
  return &record_;
}

/// Records have mostly as many marks as the one before.
void ChunkRecords::Mark(std::string_view record) {
  const std::span<const uint32_t> marks = index_.marks();
  const auto offset = static_cast<uint32_t>(record.data() - chunk_->buffer.data());
  size_t next = mark_ + marks_of_record_;
  if (next >= marks.size() || marks[next] != offset) {
    const auto found =
        std::lower_bound(marks.begin() + static_cast<std::ptrdiff_t>(mark_), marks.end(), offset);
    next = static_cast<size_t>(found - marks.begin());
  }
  marks_of_record_ = next - mark_;
  mark_ = next;
  SetRecord(record, next);
}

/// Member by member: to copy what was just written waits for the processor's store buffer.
inline void ChunkRecords::SetRecord(std::string_view text, size_t first_mark) {
  record_.text = text;
  record_.base = chunk_->buffer.data();
  record_.marks = index_.marks().subspan(first_mark);
  record_.may_have_escapes = escapes_.IsIn(text);
}

bool ChunkRecords::NextText(std::string_view* text, uint64_t* line) {
  if (!chunk_->is_lines) {
    if (place_ == chunk_->places.size()) return false;
    const Chunk::Place& place = chunk_->places[place_++];
    *text = chunk_->text().substr(place.offset, place.size);
    *line = place.line;
    return true;
  }
  while (offset_ < chunk_->size) {
    const char* const begin = chunk_->buffer.data() + offset_;
    const size_t left = chunk_->size - offset_;
    const size_t unbroken = offset_ == 0 ? chunk_->first_line_bytes_min : 0;
    const auto* const end =
        static_cast<const char*>(std::memchr(begin + unbroken, '\n', left - unbroken));
    const size_t size = end != nullptr ? static_cast<size_t>(end - begin) : left;
    offset_ += size + 1;
    *text = {begin, size};
    if (text->ends_with('\r')) text->remove_suffix(1);
    *line = line_++;
    if (!IsBlankLine(*text)) return true;
  }
  return false;
}

const MarkedJson* ChunkRecords::NextHit(uint64_t* line) {
  while (status_.ok()) {
    if (!in_answer_) {
      if (!NextText(&answer_, &answer_line_)) return nullptr;
      in_answer_ = parser_.Begin(answer_, &page_).ok();
      if (!in_answer_) status_ = Damaged();
      continue;
    }
    hit_ = search::Hit();
    const auto more = parser_.Next(&hit_);
    if (more && *more) {
      // Nothing, with padding.
      if (hit_.record.text.empty()) hit_.record.text = answer_.substr(0, 0);
      *line = answer_line_;
      return &hit_.record;
    }
    in_answer_ = false;
    status_ = more ? CheckAnswer() : Damaged();
  }
  return nullptr;
}

Status ChunkRecords::CheckAnswer() {
  if (!parser_.End().ok() || !page_.has_hits) return Damaged();
  // `filter_path` may have left out how whole it is; what it does say must be right.
  if (page_.envelope.has_shards || page_.envelope.timed_out) {
    if (const Status whole = search::CheckWhole(page_.envelope); !whole.ok()) {
      return BadInput(WhichAnswer() + " lacks hits: " + whole.message());
    }
  }
  return Status::Ok();
}

Status ChunkRecords::Damaged() const {
  return BadInput(WhichAnswer() + " is no whole answer of a search: it is damaged, cut off, " +
                  "an error, or not alone on its line");
}

std::string ChunkRecords::WhichAnswer() const {
  const auto offset = static_cast<size_t>(answer_.data() - chunk_->buffer.data());
  return "the answer at byte " + std::to_string(chunk_->offset + offset);
}

}  // namespace tymbal::worker
