#include "cli/span_load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/http_stub.h"
#include "support/text_stream.h"
#include "worker/record_stream.h"

namespace tymbal::cli {
namespace {

using ::testing::HasSubstr;
using testing::HttpStub;
using testing::StubReply;
using testing::StubRequest;

constexpr int64_t kDayStartMs = 1'795'305'600'000;  // 2026-11-22T00:00Z

TEST(IndexForDay, IsOneOfEachUtcDayWhereThePatternEndsInAStar) {
  EXPECT_EQ(*IndexForDay("tymbal-span-*", kDayStartMs - 1), "tymbal-span-2026-11-21");
  EXPECT_EQ(*IndexForDay("tymbal-span-*", kDayStartMs), "tymbal-span-2026-11-22");
  EXPECT_EQ(*IndexForDay("spans", kDayStartMs), "spans");
  for (const char* pattern : {"zipkin*span-*", "a*b", "a,b"}) {
    EXPECT_FALSE(IndexForDay(pattern, 0).has_value()) << pattern;
  }
}

/// Loads records into a stub that takes everything, and keeps what came: ids and indices.
class SpanLoadTest : public ::testing::Test {
 protected:
  SpanLoadTest() {
    stub_.On("GET", "/", StubReply::Json(R"({"version":{"number":"8.17.0"}})"));
    stub_.On("GET", "/_index_template/tymbal-span", StubReply::Error(404));
    stub_.On("POST", "/tymbal-span-%2A/_refresh", StubReply::Json("{}"));
    stub_.On("POST", "/tymbal-span-*/_refresh", StubReply::Json("{}"));
    stub_.On("POST", "/_bulk", [](const StubRequest& request) {
      std::string items;
      for (auto i = std::count(request.body.begin(), request.body.end(), '\n') / 2; i > 0; --i) {
        items += items.empty() ? "" : ",";
        items += R"({"create":{"status":201}})";
      }
      return StubReply::Json("{\"items\":[" + items + "]}");
    });
  }

  /// Returns the lines of the one bulk request that these records make.
  std::vector<std::string> Load(const std::vector<std::string>& records) {
    Config config;
    config.search.hosts = stub_.url();
    auto load = SpanLoad::Open(
        config, [](const std::string&) { return std::nullopt; }, {.requests = 1}, &err_);
    EXPECT_TRUE(load.has_value()) << (load ? "" : load.error().message());
    if (!load) return {};
    for (const std::string& record : records) {
      const std::string padded = record + std::string(worker::kRecordPadding, ' ');
      EXPECT_TRUE((*load)->Add({.text = std::string_view(padded).substr(0, record.size())}).ok());
    }
    EXPECT_TRUE((*load)->Finish().ok());
    lost_ = (*load)->AnyLost();
    (*load)->WriteSummary(std::chrono::seconds(1), out_);
    std::vector<std::string> lines;
    for (const StubRequest& request : stub_.requests()) {
      if (request.path != "/_bulk") continue;
      lines.clear();
      std::istringstream body(request.body);
      for (std::string line; std::getline(body, line);) lines.push_back(line);
    }
    return lines;
  }

  HttpStub stub_;
  std::ostringstream err_;
  std::ostringstream out_;
  bool lost_ = false;
};

std::string Span(const std::string& more) {
  return R"({"app":"a","service":"s","method":"m","start_time":1795305600000,"duration_us":1)" +
         more + "}";
}

TEST_F(SpanLoadTest, TakesNothingOfASavedAnswerThatIsCut) {
  Config config;
  config.search.hosts = stub_.url();
  const auto load = *SpanLoad::Open(
      config, [](const std::string&) { return std::nullopt; }, {.requests = 1, .batch_bytes = 1},
      &err_);
  const std::string answer =
      R"({"hits":{"hits":[{"_source":)" + Span("") + R"(},{"_source":)" + Span("") + "}]}}";
  const auto add = [&](const std::string& text) {
    worker::RecordStream stream(std::make_unique<testing::TextStream>(text));
    worker::Chunk chunk;
    EXPECT_TRUE(*stream.Next(&chunk));
    return load->Add(chunk, "page.json");
  };
  const auto bulks = [&] {
    const std::vector<StubRequest> requests = stub_.requests();
    return std::count_if(requests.begin(), requests.end(),
                         [](const StubRequest& request) { return request.path == "/_bulk"; });
  };
  const Status cut = add(answer.substr(0, answer.size() - 1));
  EXPECT_EQ(cut.code(), StatusCode::kBadInput);
  EXPECT_THAT(cut.message(), HasSubstr("page.json: the answer at byte 0 is no whole"));
  EXPECT_EQ(load->settled(), 0U);
  EXPECT_TRUE(add(answer).ok());
  EXPECT_TRUE(load->Finish().ok());
  EXPECT_EQ(load->settled(), 2U);
  EXPECT_EQ(bulks(), 2);
}

TEST_F(SpanLoadTest, GivesTheSameInputTheSameIds) {
  const std::vector<std::string> records = {Span(R"(,"trace_id":"t","span_id":"1")"), Span(""),
                                            Span("")};
  const std::vector<std::string> first = Load(records);
  const std::vector<std::string> second = Load(records);
  ASSERT_EQ(first.size(), 6U);
  EXPECT_EQ(first, second);
  EXPECT_THAT(first[0], HasSubstr(R"("_index":"tymbal-span-2026-11-22","_id":"t:1:)"));
  EXPECT_EQ(first[1], records[0]) << "a document must be written as it is";
  EXPECT_NE(first[2], first[4]) << "equal calls without ids are two calls";
}

TEST_F(SpanLoadTest, TellsTheTwoSidesOfACallApartThatShareTheirIds) {
  const std::vector<std::string> lines =
      Load({Span(R"(,"trace_id":"t","span_id":"1","kind":"client")"),
            Span(R"(,"trace_id":"t","span_id":"1","kind":"server")")});
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_NE(lines[0], lines[2]);
}

TEST_F(SpanLoadTest, SendsWhatLacksSomethingButNoMoreThanIsASpansRecord) {
  const std::vector<std::string> lines =
      Load({R"({"app":"a","start_time":1795305600000})", "no json", R"({"app":"a","method":"m"})"});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1], R"({"app":"a","start_time":1795305600000})");
  EXPECT_TRUE(lost_);
  EXPECT_THAT(out_.str(), HasSubstr("1 new, 0 there already, 2 refused"));
}

TEST_F(SpanLoadTest, PutsADocumentOfSeveralLinesOnOne) {
  const std::vector<std::string> lines = Load(
      {"{\"app\":\"a\",\n \"method\":\"m\",\r\n\"start_time\":1795305600000,\"duration_us\":1}"});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1],
            "{\"app\":\"a\",  \"method\":\"m\",  \"start_time\":1795305600000,\"duration_us\":1}");
}

TEST_F(SpanLoadTest, NotesThatNoTemplateIsThere) {
  Load({});
  EXPECT_THAT(err_.str(), HasSubstr("tymbal index install"));
}

}  // namespace
}  // namespace tymbal::cli
