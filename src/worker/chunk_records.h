#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/json_index.h"
#include "common/status.h"
#include "search/hits_page.h"
#include "worker/record_stream.h"

namespace tymbal::worker {

/// Goes through the records of a chunk: its lines, its places, or the hits of its saved answers.
/// Keeps its memory from chunk to chunk. Thread: confined to one.
class ChunkRecords {
 public:
  /// Begins with the first record. REQUIRES: the chunk stays as it is until the last one.
  void Begin(const Chunk& chunk);

  /// Returns the next record, until another is asked for; nullptr at the end and after an error,
  /// see status(): hits come before their answer is known to be whole. It has kRecordPadding
  /// readable bytes behind it, and no marks where something in the chunk is no JSON; `line` is that
  /// of the chunk, from 0; hits have their answer's.
  const MarkedJson* Next(uint64_t* line);

  /// Returns what the record of Next() stands in, the whole hit; nullptr: in nothing.
  const MarkedJson* enclosing() const { return chunk_->is_answers ? &parser_.last_hit() : nullptr; }

  /// Returns what the next record seems to be, or the hit that it stands in: what has as many marks
  /// as the one before, if that is one (see Decoder::DecodeGuess()). Then it is to be accepted; or
  /// else Next() returns the true one. nullptr: only Next() knows where the next one ends.
  const MarkedJson* Guess(uint64_t* line);
  /// Goes on behind what Guess() has returned.
  void Accept();

  /// Returns what is wrong with an answer that isn't whole: kBadInput. Its hits would be missing,
  /// and nothing would say so.
  const Status& status() const { return status_; }

  /// Returns the lines that were gone through, of a chunk of lines.
  uint64_t lines() const { return line_; }

 private:
  bool NextText(std::string_view* text, uint64_t* line);
  void Mark(std::string_view record);
  void SetRecord(std::string_view text, size_t first_mark);
  const MarkedJson* GuessLine(uint64_t* line);
  const MarkedJson* NextHit(uint64_t* line);
  Status CheckAnswer();
  Status Damaged() const;
  std::string WhichAnswer() const;

  const Chunk* chunk_ = nullptr;
  size_t offset_ = 0;  // Lines: the next one.
  size_t place_ = 0;   // Lists: the next record.
  uint64_t line_ = 0;
  JsonIndex index_;       // Of the chunk, unless it holds answers.
  EscapeFinder escapes_;  // The same.
  MarkedJson record_;     // The last one.
  size_t mark_ = 0;       // Of the last record.
  size_t marks_of_record_ = 0;
  size_t behind_guess_ = 0;  // Where the line after a guess begins.
  search::HitsPageParser parser_;
  search::HitsPage page_;  // Answers: all of the one at hand but its hits.
  search::Hit hit_;        // The last one.
  bool in_answer_ = false;
  std::string_view answer_;
  uint64_t answer_line_ = 0;
  Status status_;
};

}  // namespace tymbal::worker
