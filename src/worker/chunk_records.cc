#include "worker/chunk_records.h"

#include <cstring>
#include <string>

#include "search/answer_envelope.h"
#include "worker/decoder.h"

namespace tymbal::worker {
namespace {

static_assert(kRecordPadding >= search::kBodyPadding, "an answer is parsed where it stands");

bool IsBlankLine(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

void ChunkRecords::Begin(const Chunk& chunk) {
  chunk_ = &chunk;
  offset_ = place_ = hit_ = 0;
  line_ = 0;
  page_.hits.clear();
  status_ = Status::Ok();
}

bool ChunkRecords::Next(std::string_view* record, uint64_t* line) {
  if (!chunk_->is_answers) return NextText(record, line);
  while (hit_ == page_.hits.size()) {
    std::string_view answer;
    if (!status_.ok() || !NextText(&answer, &answer_line_)) return false;
    status_ = OpenAnswer(answer);
  }
  *record = page_.hits[hit_++].record;
  *line = answer_line_;
  return true;
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
    const auto* const end = static_cast<const char*>(std::memchr(begin, '\n', left));
    const size_t size = end != nullptr ? static_cast<size_t>(end - begin) : left;
    offset_ += size + 1;
    *text = {begin, size};
    *line = line_++;
    if (!IsBlankLine(*text)) return true;
  }
  return false;
}

Status ChunkRecords::OpenAnswer(std::string_view answer) {
  hit_ = 0;
  const size_t offset = chunk_->offset + static_cast<size_t>(answer.data() - chunk_->buffer.data());
  const std::string which = "the answer at byte " + std::to_string(offset);
  if (!parser_.Parse(answer, &page_).ok() || !page_.has_hits) {
    page_.hits.clear();
    return BadInput(which + " is no whole answer of a search: it is damaged, cut off, an error, " +
                    "or not alone on its line");
  }
  // `filter_path` may have left out how whole it is; what it does say must be right.
  if (page_.envelope.has_shards || page_.envelope.timed_out) {
    if (const Status whole = search::CheckWhole(page_.envelope); !whole.ok()) {
      page_.hits.clear();
      return BadInput(which + " lacks hits: " + whole.message());
    }
  }
  for (search::Hit& hit : page_.hits) {
    if (hit.record.empty()) hit.record = answer.substr(0, 0);  // Nothing, with padding.
    // The parser takes the blanks of a pretty-printed answer along.
    while (hit.record.ends_with(' ') || hit.record.ends_with('\n')) hit.record.remove_suffix(1);
  }
  return Status::Ok();
}

}  // namespace tymbal::worker
