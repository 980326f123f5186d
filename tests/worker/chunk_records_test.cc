#include "worker/chunk_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/text_stream.h"
#include "worker/decoder.h"

namespace tymbal::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tymbal::testing::TextStream;

/// Returns all records of a text, or what is wrong with it.
Result<std::vector<std::string>> Records(const std::string& text) {
  RecordStream stream(std::make_unique<TextStream>(text));
  Chunk chunk;
  ChunkRecords in_chunk;
  std::vector<std::string> records;
  while (true) {
    TYMBAL_ASSIGN_OR_RETURN(const bool more, stream.Next(&chunk));
    if (!more) return records;
    in_chunk.Begin(chunk);
    uint64_t line = 0;
    while (const MarkedJson* record = in_chunk.Next(&line)) {
      // The parser reads blocks, so what stands behind must be the chunk's.
      EXPECT_LE(record->text.data() + record->text.size() + kRecordPadding,
                chunk.buffer.data() + chunk.buffer.size());
      records.emplace_back(record->text);
    }
    TYMBAL_RETURN_IF_ERROR(in_chunk.status());
  }
}

std::string Hit(const std::string& source) {
  return R"({"_index":"spans","_id":"1","_score":null,"_source":)" + source + R"(,"sort":[1]})";
}

std::string Answer(const std::string& hits) {
  return R"({"took":3,"timed_out":false,"_shards":{"total":2,"successful":2,"skipped":0,"failed":0},)"
         R"("hits":{"total":{"value":3,"relation":"eq"},"max_score":null,"hits":[)" +
         hits + "]}}";
}

TEST(ChunkRecords, AreTheLinesOrTheObjectsOfLists) {
  EXPECT_THAT(*Records("{\"a\":1}\n \n{\"b\":2}"), ElementsAre("{\"a\":1}", "{\"b\":2}"));
  EXPECT_THAT(*Records("[{\"a\":1},[{\"b\":2}]]"), ElementsAre("{\"a\":1}", "{\"b\":2}"));
}

TEST(ChunkRecords, FindTheEndOfLinesOfAnyLength) {
  const std::string tiny = "{\"a\":1}";
  for (const size_t length : {100'000UL, 131'072UL, 200'000UL, 600'000UL, 17'000'000UL}) {
    const bool too_long = length > kRecordBytesMax;  // Then it is no record of the chunk.
    const std::string line = R"({"t":")" + std::string(length, 'x') + "\"}";
    std::vector<std::string> wanted = {line, tiny, tiny, line};
    if (too_long) wanted = {tiny, tiny};
    for (const char* end : {"\n", ""}) {
      EXPECT_EQ(*Records(line + "\n" + tiny + "\n" + tiny + "\n" + line + end), wanted) << length;
    }
  }
}

TEST(ChunkRecords, OfSavedAnswersAreTheDocumentsOfTheHits) {
  const std::string two = Answer(Hit(R"({"a":"]}"})") + "," + Hit(R"({"b":{"hits":[1]}})"));
  const auto documents = ElementsAre(R"({"a":"]}"})", R"({"b":{"hits":[1]}})");
  EXPECT_THAT(*Records(two), documents);
  EXPECT_THAT(*Records("\xEF\xBB\xBF" + two + "\n"), documents);
  EXPECT_THAT(*Records(Answer("")), IsEmpty());
  EXPECT_THAT(*Records(R"({"hits":{"hits":[{"_source":{"a":1}}]}})"), ElementsAre(R"({"a":1})"));
  // What an aggregation or a scroll puts around them makes no difference.
  EXPECT_THAT(*Records(R"({"_scroll_id":"x\"","hits":{"total":1,"hits":[{"_source":{}}]},)"
                       R"("aggregations":{"n":{"hits":{"hits":[{"_source":{"no":1}}]}}}})"),
              ElementsAre("{}"));
}

TEST(ChunkRecords, TakeAnAnswerALineAndPrettyPrintedOnes) {
  EXPECT_THAT(
      *Records(Answer(Hit("{\"a\":1}")) + "\n\n" + Answer("") + "\r\n" + Answer(Hit("{\"b\":2}"))),
      ElementsAre("{\"a\":1}", "{\"b\":2}"));
  const std::string pretty =
      "{\n  \"took\" : 1,\n  \"hits\" : {\n    \"hits\" : [\n      {\n        \"_source\" : {}\n"
      "      }\n    ]\n  }\n}\n";
  EXPECT_THAT(*Records(pretty + pretty), ElementsAre("{}", "{}"));
}

TEST(ChunkRecords, FindTheHitsOfAnswersThatAreLongerThanAChunkAndThanARecord) {
  const std::string document = R"({"text":")" + std::string(9'000'000, ']') + "\"}";
  const std::string one = Answer(Hit(document) + "," + Hit("{\"a\":1}") + "," + Hit(document));
  EXPECT_THAT(*Records(one + "\n" + one),
              ElementsAre(document, "{\"a\":1}", document, document, "{\"a\":1}", document));
  const auto endless = Records(Answer(std::string(70'000'000, ' ')));
  EXPECT_THAT(endless.error().message(), HasSubstr("the answer at byte 0 is longer than 64 MiB"));
}

TEST(ChunkRecords, AnAnswerThatIsNotWholeIsAnErrorNeverFewerHitsI6) {
  const std::string good = Answer(Hit("{}"));
  for (const std::string& bad :
       {good.substr(0, good.size() - 1), good + good, std::string("{\"error\":{},\"status\":429}"),
        std::string("{}"), std::string("no answer"), Answer(Hit("{}") + "," + Hit("7"))}) {
    const auto records = Records(good + "\n" + bad);
    ASSERT_FALSE(records) << bad;
    EXPECT_EQ(records.error().code(), StatusCode::kBadInput);
    EXPECT_THAT(
        records.error().message(),
        HasSubstr("the answer at byte " + std::to_string(good.size() + 1) + " is no whole"));
  }
}

TEST(ChunkRecords, AnAnswerThatSaysThatHitsAreMissingIsAnErrorI6) {
  const std::string hits = R"("hits":{"hits":[{"_source":{}}]})";
  EXPECT_THAT(Records("{\"timed_out\":true," + hits + "}").error().message(),
              HasSubstr("lacks hits: the search timed out"));
  EXPECT_THAT(Records(R"({"_shards":{"total":2,"successful":1,"failed":1},)" + hits + "}")
                  .error()
                  .message(),
              HasSubstr("only 1 of 2 shards answered"));
}

TEST(ChunkRecords, OfHitsWithoutDocumentAreEmptySoThatTheyAreRejected) {
  EXPECT_THAT(*Records(R"({"hits":{"hits":[{"_id":"1"}]}})"), ElementsAre(""));
}

TEST(ChunkRecords, ADocumentWithAFieldNamedHitsIsNoAnswer) {
  for (const std::string document :
       {R"({"hits":3})", R"({"hits":[{"a":1}]})", R"({"hits":{"a":[]}})",
        R"({"a":{"hits":{"hits":[]}}})", R"({"hits":)", "{\"hits\""}) {
    EXPECT_THAT(*Records(document), ElementsAre(document));
  }
}

}  // namespace
}  // namespace tymbal::worker
