#include "worker/record_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

#include "support/text_stream.h"
#include "worker/decoder.h"

namespace tymbal::worker {
namespace {

using tymbal::testing::TextStream;

struct Record {
  std::string text;
  uint64_t line;
  bool operator==(const Record&) const = default;
};

/// Reads all records as FileSource does; "<too long>" stands for one that was.
Result<std::vector<Record>> ReadAll(const std::string& text) {
  RecordStream stream(std::make_unique<TextStream>(text));
  std::vector<Record> records;
  Chunk chunk;
  uint64_t lines = 0;
  for (uint64_t number = 0;; ++number) {
    TYMBAL_ASSIGN_OR_RETURN(const bool more, stream.Next(&chunk));
    if (!more) return records;
    EXPECT_EQ(chunk.number, number);
    EXPECT_GE(chunk.buffer.size(), chunk.size + kRecordPadding);
    if (chunk.too_long) records.push_back({"<too long>", lines + 1});
    for (const Chunk::Place& place : chunk.places) {
      records.push_back(
          {std::string(chunk.text().substr(place.offset, place.size)), lines + place.line + 1});
    }
    if (chunk.is_lines && !chunk.too_long) {
      std::string_view rest = chunk.text();
      for (uint64_t line = lines + 1; !rest.empty(); ++line) {
        const size_t end = std::min(rest.find('\n'), rest.size());
        if (end > 0) records.push_back({std::string(rest.substr(0, end)), line});
        rest.remove_prefix(std::min(end + 1, rest.size()));
        ++chunk.lines;
      }
    }
    lines += chunk.lines;
  }
}

std::vector<std::string> Texts(const std::string& text) {
  const auto records = ReadAll(text);
  EXPECT_TRUE(records) << records.error().message();
  std::vector<std::string> texts;
  if (records) {
    for (const Record& record : *records) texts.push_back(record.text);
  }
  return texts;
}

using Strings = std::vector<std::string>;

TEST(RecordStream, EachLineIsARecord) {
  const auto records = ReadAll("{\"a\":1}\n\n{\"b\":2}\nlast");
  ASSERT_TRUE(records);
  EXPECT_EQ(*records, (std::vector<Record>{{"{\"a\":1}", 1}, {"{\"b\":2}", 3}, {"last", 4}}));
}

TEST(RecordStream, LinesAreWholeHoweverTheyFallOnChunks) {
  std::mt19937_64 random(5);
  std::string text;
  std::vector<Record> expected;
  for (uint64_t line = 1; text.size() < 6'000'000; ++line) {
    const std::string record =
        "{" + std::string(random() % 100 == 0 ? random() % 300'000 : random() % 400,
                          static_cast<char>('a' + line % 26));
    expected.push_back({record, line});
    text += record + "\n";
  }
  const auto records = ReadAll(text);
  ASSERT_TRUE(records);
  EXPECT_TRUE(*records == expected);
}

TEST(RecordStream, AnEndlessLineIsOneRecordAndTheNextOneIsRight) {
  const std::string text = "{}\n" + std::string(40'000'000, 'x') + "\n{\"after\":1}\n";
  const auto records = ReadAll(text);
  ASSERT_TRUE(records);
  EXPECT_EQ(*records, (std::vector<Record>{{"{}", 1}, {"<too long>", 2}, {"{\"after\":1}", 3}}));
  EXPECT_EQ(Texts(std::string(40'000'000, 'x')), Strings{"<too long>"});
}

TEST(RecordStream, TakesListsOfSpansAndListsOfTraces) {
  EXPECT_EQ(Texts("[{\"a\":1},{\"b\":[2,{}]}]"), (Strings{"{\"a\":1}", "{\"b\":[2,{}]}"}));
  EXPECT_EQ(Texts(" [ [{\"a\":1}\n,{}], [] ,[{\"c\":3}]]\n"),
            (Strings{"{\"a\":1}", "{}", "{\"c\":3}"}));
  EXPECT_EQ(Texts("[]"), Strings{});
  EXPECT_EQ(Texts("[{}][{}]\n[{}]"), (Strings{"{}", "{}", "{}"}));
  EXPECT_EQ(Texts("\xEF\xBB\xBF[{}]"), Strings{"{}"});
}

TEST(RecordStream, BracketsInStringsAreNoBrackets) {
  EXPECT_EQ(Texts(R"([{"a":"}]\"{"},{"b":"\\"}])"), (Strings{R"({"a":"}]\"{"})", R"({"b":"\\"})"}));
}

TEST(RecordStream, TakesPrettyPrintedObjects) {
  const auto records = ReadAll("{\n  \"a\": 1\n}\n{\n  \"b\": {\n  }\n}\n");
  ASSERT_TRUE(records);
  EXPECT_EQ(*records, (std::vector<Record>{{"{\n  \"a\": 1\n}", 1}, {"{\n  \"b\": {\n  }\n}", 4}}));
}

TEST(RecordStream, JunkInAListIsHandedOnToBeRejected) {
  EXPECT_EQ(Texts("[1, \"x\", {\"a\":1}, null, [[{}]]]"),
            (Strings{"1", "\"x\"", "{\"a\":1}", "null", "[{}]"}));
  EXPECT_EQ(Texts("[{}]]}"), (Strings{"{}", "]", "}"}));
}

TEST(RecordStream, AListThatIsCutOffIsAnError) {
  for (const char* text : {"[", "[{}", "[{},", "[{\"a\":\"", "[{\"a\":1", "{\n  \"a\": 1\n"}) {
    EXPECT_FALSE(ReadAll(text)) << text;
  }
}

TEST(RecordStream, LongListsAreCutBetweenRecords) {
  std::string text = "[";
  Strings expected;
  for (int i = 0; i < 50'000; ++i) {
    expected.push_back("{\"i\":" + std::to_string(i) + ",\"x\":\"" + std::string(40, ']') + "\"}");
    text += (i == 0 ? "" : ",\n") + expected.back();
  }
  const auto records = ReadAll(text + "]");
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ((*records)[i].text, expected[i]);
    ASSERT_EQ((*records)[i].line, i + 1);
  }
}

TEST(RecordStream, AnEmptyTextHasNoRecords) {
  EXPECT_EQ(Texts(""), Strings{});
  EXPECT_EQ(Texts("\n\n  \n"), Strings{"  "});  // Blank lines are the consumer's business.
}

}  // namespace
}  // namespace tymbal::worker
