// A record of a known shape isn't parsed: the decoder must say of it what it would say of the first
// one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "common/slot.h"
#include "support/profile_documents.h"
#include "worker/chunk_records.h"
#include "worker/decoder.h"

namespace tymbal::worker {
namespace {

using tymbal::testing::ProfileFile;
using tymbal::testing::ShippedProfileNames;

std::vector<std::string> DocumentsOf(const std::string& profile) {
  std::vector<std::string> documents;
  std::ifstream file(ProfileFile(profile, "documents.ndjson"));
  for (std::string line; std::getline(file, line);) documents.push_back(line);
  return documents;
}

/// All that a decoder says of a record.
struct Said {
  Decoder::Outcome outcome{};
  std::string app, service, method, trace_id, span_id;
  int64_t start_ms = 0;
  uint64_t duration_us = 0;
  uint64_t weight = 0;
  bool error = false;
  std::optional<RejectReason> reason;
  std::optional<int64_t> rejected_start_ms;
  std::optional<uint32_t> slot;
  bool operator==(const Said&) const = default;
};

void PrintTo(const Said& said, std::ostream* out) {
  *out << fmt::format(
      "outcome {}: {} / {} / {}, {} us at {} ms, {} {}, error {}, weight {}; reason {}, "
      "{} ms, slot {}",
      static_cast<int>(said.outcome), said.app, said.service, said.method, said.duration_us,
      said.start_ms, said.trace_id, said.span_id, said.error, said.weight,
      said.reason ? RejectReasonName(*said.reason) : "none", said.rejected_start_ms.value_or(-1),
      said.slot ? static_cast<int>(*said.slot) : -1);
}

/// `decode` has the decoder decode something; nothing: it says nothing of it.
template <typename Decode>
std::optional<Said> AskBy(Decoder* decoder, Decode decode) {
  Arena texts;
  Span span;
  Decoder::Rejection rejection;
  const std::optional<Decoder::Outcome> outcome = decode(&texts, &span, &rejection);
  if (!outcome) return std::nullopt;
  Said said;
  said.outcome = *outcome;
  if (said.outcome == Decoder::Outcome::kSpan) {
    said = {said.outcome,
            std::string(span.app),
            std::string(span.service),
            std::string(span.method),
            std::string(span.trace_id),
            std::string(span.span_id),
            span.start_ms,
            span.duration_us,
            span.weight,
            span.error,
            {},
            {},
            {}};
  } else if (said.outcome == Decoder::Outcome::kRejected) {
    said.reason = rejection.reason;
    said.rejected_start_ms = rejection.start_ms;
    said.slot = rejection.slot;
  } else {
    said.slot = decoder->SlotOfLast(&texts);
  }
  return said;
}

Said Ask(Decoder* decoder, const MarkedJson& record, const MarkedJson* enclosing = nullptr) {
  return *AskBy(decoder, [&](Arena* texts, Span* span, Decoder::Rejection* rejection) {
    return decoder->Decode(record, texts, span, rejection, enclosing);
  });
}

std::optional<Said> AskOfGuess(Decoder* decoder, const MarkedJson& guess) {
  return AskBy(decoder, [&](Arena* texts, Span* span, Decoder::Rejection* rejection) {
    return decoder->DecodeGuess(guess, /*encloses=*/true, texts, span, rejection);
  });
}

Said Ask(Decoder* decoder, const std::string& record) {
  const std::string padded = record + std::string(kRecordPadding, '"');
  return Ask(decoder, {.text = std::string_view(padded).substr(0, record.size())});
}

/// Changes a byte or some: most changes leave a document of the same shape or nearly so.
std::string Spoil(std::string record, std::mt19937_64* random) {
  static const std::vector<std::string> kPieces = {
      "\"", "\\", "\\\"", "\\u00e9", "\xC3\xA9", "\xC3", "\x01", "\t", " ",
      ",",  ":",  "{",    "}",       "[",        "]",    "0",    "9",  "-",
      ".",  "e",  "+",    "x",       "null",     "true", "\n",   ""};
  const auto below = [&](size_t limit) { return static_cast<size_t>((*random)() % limit); };
  for (size_t changes = 1 + below(2); changes > 0; --changes) {
    record.replace(below(record.size()), below(2), kPieces[below(kPieces.size())]);
  }
  return record;
}

using Case = std::tuple<std::string, Decoder::Form>;

class DecoderShape : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override { ASSERT_FALSE(documents_.empty()); }

  std::unique_ptr<Decoder> MakeDecoder() const {
    const auto& [profile, form] = GetParam();
    return *Decoder::Create(*LoadProfile(profile), kSlotsDefault, form);
  }

  const std::vector<std::string> documents_ = DocumentsOf(std::get<0>(GetParam()));
  const std::unique_ptr<Decoder> experienced_ = MakeDecoder();
};

TEST_P(DecoderShape, SaysWhatTheParserSays) {
  constexpr size_t kSpoiled = 1'500;
  std::mt19937_64 random(7);
  for (size_t i = 0; i < kSpoiled; ++i) {
    // Some of the same in a row, so that shapes are known and kept.
    const std::string& document = documents_[i / 20 % documents_.size()];
    Ask(experienced_.get(), document);
    const std::string spoiled = i % 20 == 0 ? document : Spoil(document, &random);
    EXPECT_EQ(Ask(experienced_.get(), spoiled), Ask(MakeDecoder().get(), spoiled)) << spoiled;
  }
}

/// A chunk is indexed as a whole, and a line that can't be must not take others with it.
TEST_P(DecoderShape, SaysOfLinesOfAChunkWhatTheParserSays) {
  constexpr size_t kChunks = 24;
  constexpr size_t kLines = 30;
  std::mt19937_64 random(11);
  ChunkRecords in_chunk;
  for (size_t i = 0; i < kChunks; ++i) {
    Chunk chunk;
    for (size_t line = 0; line < kLines; ++line) {
      // Every third chunk can be indexed for certain.
      const std::string& document = documents_[line / 10 % documents_.size()];
      const bool whole = i % 3 == 0 || random() % 8 != 0;
      const std::string text = (whole ? document : Spoil(document, &random)) + "\n";
      chunk.buffer.insert(chunk.buffer.end(), text.begin(), text.end());
    }
    chunk.size = chunk.buffer.size();
    chunk.buffer.resize(chunk.size + kRecordPadding, '"');
    in_chunk.Begin(chunk);
    uint64_t line = 0;
    size_t records = 0;
    for (; const MarkedJson* record = in_chunk.Next(&line); ++records) {
      const std::string alone(record->text);
      EXPECT_EQ(Ask(experienced_.get(), *record), Ask(MakeDecoder().get(), alone)) << alone;
      EXPECT_TRUE(i % 3 != 0 || !record->marks.empty()) << alone;
    }
    EXPECT_GE(records, i % 3 == 0 ? kLines : 1);
  }
}

/// One hit of a search, with what servers put around a document.
std::string HitOf(const std::string& document, size_t number, std::mt19937_64* random) {
  const uint64_t kind = (*random)() % 16;
  const std::string score = kind == 0 ? "1.5" : "null";
  const std::string more = kind == 1 ? R"("_ignored":["a","b"],)" : kind == 2 ? "\n" : "";
  const std::string sort = kind == 3 ? "" : fmt::format(R"(,"sort":[{},"{}"])", number, number);
  return fmt::format(R"({{"_index":"i","_id":"{}","_score":{},{}"_source":{}{}}})", number, score,
                     more, document, sort);
}

/// A hit of a known shape is neither walked nor is its document parsed.
TEST_P(DecoderShape, SaysOfGuessedHitsWhatTheParserSaysOfTheirDocuments) {
  constexpr size_t kAnswers = 24;
  constexpr size_t kHits = 40;
  std::mt19937_64 random(13);
  size_t guessed = 0;
  size_t asked = 0;
  for (size_t i = 0; i < kAnswers; ++i) {
    std::string text = R"({"hits":{"hits":[)";
    for (size_t hit = 0; hit < kHits; ++hit) {
      const std::string& document = documents_[hit / 20 % documents_.size()];
      // Every third answer is whole for certain.
      const bool whole = i % 3 == 0 || random() % 16 != 0;
      text += (hit == 0 ? "" : ",") + HitOf(document, 10'000 + hit, &random);
      if (!whole) text = Spoil(text, &random);
    }
    text += "]}}";
    Chunk chunk;
    chunk.buffer.assign(text.begin(), text.end());
    chunk.size = text.size();
    chunk.is_answers = true;
    chunk.is_lines = false;
    chunk.places = {{0, text.size(), 0}};
    chunk.buffer.resize(chunk.size + kRecordPadding, '"');
    ChunkRecords walked;
    ChunkRecords in_chunk;
    walked.Begin(chunk);
    in_chunk.Begin(chunk);
    uint64_t line = 0;
    while (true) {
      std::optional<Said> said;
      if (const MarkedJson* guess = in_chunk.Guess(&line)) {
        said = AskOfGuess(experienced_.get(), *guess);
        if (said && said->outcome == Decoder::Outcome::kRejected) said.reset();
        if (said) in_chunk.Accept();
        guessed += said ? 1 : 0;
      }
      if (!said) {
        const MarkedJson* record = in_chunk.Next(&line);
        if (record != nullptr) said = Ask(experienced_.get(), *record, in_chunk.enclosing());
      }
      const MarkedJson* const record = walked.Next(&line);
      ASSERT_EQ(said.has_value(), record != nullptr) << text;
      if (record == nullptr) break;
      ++asked;
      const std::string alone(record->text);
      EXPECT_EQ(*said, Ask(MakeDecoder().get(), alone)) << alone;
    }
    EXPECT_EQ(in_chunk.status().message(), walked.status().message());
    // The same decoder is asked of records: documents, and hits that are taken for such.
    const std::string& document = documents_[i % documents_.size()];
    for (const std::string& record : {document, HitOf(document, 10'000, &random)}) {
      EXPECT_EQ(Ask(experienced_.get(), record), Ask(MakeDecoder().get(), record));
    }
    EXPECT_TRUE(i % 3 != 0 || walked.status().ok()) << walked.status().message();
  }
  EXPECT_GE(asked, kAnswers / 3 * kHits);
  EXPECT_GE(guessed, asked / 4);  // Some documents of most profiles are rejected.
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  static const std::vector<std::string> kForms = {"Document", "Indexed", "Columns"};
  std::string name = std::get<0>(info.param);
  name.erase(std::remove(name.begin(), name.end(), '-'), name.end());
  return name + kForms[static_cast<size_t>(std::get<1>(info.param))];
}

INSTANTIATE_TEST_SUITE_P(Profile, DecoderShape,
                         ::testing::Combine(::testing::ValuesIn(ShippedProfileNames()),
                                            ::testing::Values(Decoder::Form::kDocument,
                                                              Decoder::Form::kIndexed)),
                         NameOf);

}  // namespace
}  // namespace tymbal::worker
