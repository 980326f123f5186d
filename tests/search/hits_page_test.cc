#include "search/hits_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "search/answer_envelope.h"

namespace tymbal::search {
namespace {

using ::testing::HasSubstr;

HttpBody BodyOf(std::string_view text) {
  HttpBody body;
  body.buffer.assign(text.size() + kBodyPadding, '\0');
  std::copy(text.begin(), text.end(), body.buffer.begin());
  body.size = text.size();
  return body;
}

constexpr std::string_view kShards =
    R"("_shards":{"total":2,"successful":2,"skipped":1,"failed":0})";

std::string Answer(std::string_view hits) {
  return "{\"took\":3,\"timed_out\":false," + std::string(kShards) +
         ",\"hits\":" + std::string(hits) + "}";
}

TEST(HitsPage, FindsHitsOfDocumentsAndOfColumns) {
  const HttpBody body = BodyOf(
      Answer(R"({"total":{"value":2,"relation":"eq"},"max_score":null,"hits":[)"
             R"({"_index":"a","_id":"1","_score":null,"_source":{"x":[1,{"y":"}"}]},"sort":[0]},)"
             R"({"_index":"b","_id":"q\"2","fields":{"x":[1]}},{"_index":"c","_id":"3"}]})"));
  HitsPageParser parser;
  HitsPage page;
  ASSERT_TRUE(parser.Parse(body, &page).ok());
  EXPECT_EQ(page.envelope.hits_total, 2U);
  EXPECT_TRUE(page.envelope.hits_total_exact);
  ASSERT_EQ(page.hits.size(), 3U);
  EXPECT_EQ(page.hits[0].index, "a");
  EXPECT_EQ(page.hits[0].id, "1");
  EXPECT_EQ(page.hits[0].record.text, R"({"x":[1,{"y":"}"}]})");
  EXPECT_EQ(page.hits[1].id, R"(q\"2)");
  EXPECT_EQ(page.hits[1].record.text, R"({"x":[1]})");
  EXPECT_EQ(page.hits[2].record.text, "");
}

TEST(HitsPage, ReadsPositionsWhereThereAreSome) {
  const HttpBody body = BodyOf(Answer(
      R"({"total":{"value":4,"relation":"eq"},"hits":[{"_id":"1","sort":[7,4294967303]},)"
      R"({"_id":"2","sort":["2026-11-22T10:00:00Z",3]},{"_id":"3","sort":[1,2,3]},{"_id":"4"}]})"));
  HitsPageParser parser;
  HitsPage page;
  ASSERT_TRUE(parser.Parse(body, &page).ok());
  EXPECT_EQ(PositionOf(page.hits[0]), (Position{7, 4'294'967'303}));
  EXPECT_EQ(PositionOf(page.hits[1]), (Position{}));
  EXPECT_EQ(PositionOf(page.hits[2]), (Position{1, 2}));
  EXPECT_EQ(PositionOf(page.hits[3]), (Position{}));
}

/// The answer as a parser reads that looks at everything; nothing: it is no JSON.
std::optional<std::vector<std::string>> RecordsOfParser(const HttpBody& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  simdjson::dom::array hits;
  if (parser.parse(body.text().data(), body.text().size()).get(answer)) return std::nullopt;
  if (answer["hits"]["hits"].get(hits)) return std::nullopt;
  std::vector<std::string> records;
  for (const auto hit : hits) {
    simdjson::dom::element record;
    const auto none = hit["_source"].get(record);
    records.push_back(none ? "" : simdjson::minify(record));
  }
  return records;
}

TEST(HitsPage, FindsTheHitsThatAParserFinds) {
  const std::string sound = Answer(
      R"({"total":{"value":3,"relation":"eq"},"max_score":null,"hits":[)"
      R"({"_index":"a","_id":"1","_source":{"x":[1,{"y":"}"}],"t":"\\\" é"},"sort":[0]},)"
      R"({"_index":"b", "_id":"2", "_source": { "hits":{"hits":[1]}, "n":-1.5e3 }, "sort":[0]},)"
      R"({"_index":"c","_id":"3","_source":{}}]})");
  const std::string pieces = "\"\\{}[],: 1n\x01\xC3";
  std::mt19937_64 random(5);
  HitsPageParser parser;
  HitsPage page;
  size_t accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = sound;
    for (size_t changes = random() % 3; changes > 0; --changes) {
      text.replace(random() % text.size(), random() % 2, 1, pieces[random() % pieces.size()]);
    }
    const HttpBody body = BodyOf(text);
    const auto wanted = RecordsOfParser(body);
    const Status status = parser.Parse(body, &page);
    if (!wanted) continue;  // What is no value is the decoder's to find.
    // A record that is no object, and a total that is no number, are no answer of a search.
    if (!status.ok()) continue;
    ++accepted;
    ASSERT_TRUE(page.has_hits) << text;
    ASSERT_EQ(page.hits.size(), wanted->size()) << text;
    for (size_t hit = 0; hit < wanted->size(); ++hit) {
      simdjson::dom::parser again;
      const std::string record(page.hits[hit].record.text);
      EXPECT_EQ(record.empty() ? "" : simdjson::minify(again.parse(record).value()), (*wanted)[hit])
          << text;
    }
  }
  EXPECT_GT(accepted, 8'000);
}

TEST(HitsPage, ReadsTotalsOfEveryVersion) {
  HitsPageParser parser;
  HitsPage page;
  ASSERT_TRUE(parser.Parse(BodyOf(Answer(R"({"total":7,"hits":[]})")), &page).ok());
  EXPECT_EQ(page.envelope.hits_total, 7U);
  EXPECT_TRUE(page.envelope.hits_total_exact);
  ASSERT_TRUE(
      parser.Parse(BodyOf(Answer(R"({"total":{"value":7,"relation":"gte"},"hits":[]})")), &page)
          .ok());
  EXPECT_FALSE(page.envelope.hits_total_exact);
  // Nothing stays of the page before.
  ASSERT_TRUE(parser.Parse(BodyOf(Answer(R"({"hits":[]})")), &page).ok());
  EXPECT_EQ(page.envelope.hits_total, std::nullopt);
}

TEST(HitsPage, KeepsTheIdsOfPointsInTimeAndScrolls) {
  HitsPageParser parser;
  HitsPage page;
  ASSERT_TRUE(parser.Parse(BodyOf(R"({"pit_id":"p1","_scroll_id":"s1"})"), &page).ok());
  EXPECT_EQ(page.envelope.point_in_time, "p1");
  EXPECT_EQ(page.scroll_id, "s1");
  EXPECT_FALSE(page.envelope.has_shards);
}

TEST(HitsPage, WhatIsCutOrNoAnswerOfASearchIsAskedForAgainI6) {
  const std::string whole = Answer(R"({"total":1,"hits":[{"_id":"1","_source":{"a":1}}]})");
  HitsPageParser parser;
  HitsPage page;
  for (size_t size = 0; size < whole.size(); ++size) {
    const Status status = parser.Parse(BodyOf(whole.substr(0, size)), &page);
    EXPECT_EQ(status.code(), StatusCode::kUnavailable) << size;
  }
  const std::vector<std::string> others = {
      whole + "x",       "<html>", "[]", "7", R"({"hits":[]})", R"({"hits":{"hits":{}}})",
      R"({"_shards":7})"};
  for (const std::string& text : others) {
    EXPECT_EQ(parser.Parse(BodyOf(text), &page).code(), StatusCode::kUnavailable) << text;
  }
  EXPECT_THAT(parser.Parse(BodyOf("<html>"), &page).message(), HasSubstr("begins with: <html>"));
}

TEST(AnswerEnvelope, IsWholeOnlyWhenAllShardsOfAllClustersAnswered) {
  HitsPageParser parser;
  const auto check = [&parser](const std::string& text) {
    HitsPage page;
    const Status parsed = parser.Parse(BodyOf(text), &page);
    EXPECT_TRUE(parsed.ok()) << parsed.message();
    const Status status = CheckWhole(page.envelope);
    EXPECT_TRUE(status.ok() || status.code() == StatusCode::kUnavailable);
    return status.message();
  };
  const std::string shards = std::string(kShards);
  EXPECT_EQ(check("{" + shards + "}"), "");
  EXPECT_EQ(check("{" + shards + R"(,"_clusters":{"total":1,"successful":1,"skipped":0}})"), "");
  EXPECT_THAT(check(R"({"hits":{}})"), HasSubstr("doesn't say how many shards"));
  EXPECT_THAT(check("{" + shards + R"(,"timed_out":true})"), HasSubstr("timed out on the server"));
  // OpenSearch 3 says so of every count, Elasticsearch of pages of a scroll.
  EXPECT_EQ(check("{" + shards + R"(,"terminated_early":true})"), "");
  EXPECT_THAT(check("{" + shards + R"(,"_clusters":{"skipped":1}})"),
              HasSubstr("1 remote clusters"));
  EXPECT_THAT(check("{" + shards + R"(,"_clusters":{"partial":1}})"),
              HasSubstr("1 answered in part"));
  // Neither failed nor successful: a shard without a live copy.
  EXPECT_THAT(check(R"({"_shards":{"total":3,"successful":2,"failed":0}})"),
              HasSubstr("only 2 of 3 shards"));
  EXPECT_THAT(check(R"({"_shards":{"total":2,"successful":2,"failed":1,"failures":[)"
                    R"({"shard":1,"index":"spans-1","node":"n7","reason":{"type":"x_exception",)"
                    R"("reason":"it broke"}}]}})"),
              HasSubstr("index spans-1, shard 1, node n7: x_exception: it broke"));
}

}  // namespace
}  // namespace tymbal::search
