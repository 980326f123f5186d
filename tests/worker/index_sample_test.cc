#include "worker/index_sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "search/curl_http_client.h"
#include "search/curl_http_fixture.h"
#include "support/http_stub.h"

namespace tymbal::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::HttpStub;
using ::testing::Not;
using testing::StubReply;

class IndexSampleTest : public ::testing::Test {
 protected:
  IndexSampleTest()
      : client_(search::MakeCurlHttpFactory({.target = search::TargetOf({&stub_})})(), &gate_,
                &never_, {.patience = std::chrono::milliseconds(0)}) {
    stub_.On("GET", "/_resolve/index/spans-*",
             StubReply::Json(R"({"indices":[{"name":"spans-1","attributes":["open"]}]})"));
    stub_.On("GET", "/spans-*/_settings/index.max_result_window,index.number_of_shards",
             StubReply::Json(R"({"spans-1":{"settings":{"index.number_of_shards":"1"}}})"));
    // The server's own fields have no mapping of their own.
    stub_.On("GET", "/spans-*/_mapping/field/*", StubReply::Json(R"({"spans-1":{"mappings":{
        "_id":{"full_name":"_id","mapping":{}},
        "startTimeMillis":{"full_name":"startTimeMillis","mapping":{"startTimeMillis":{"type":"date"}}},
        "start_time":{"full_name":"start_time","mapping":{"start_time":{"type":"text"}}}}}})"));
  }

  Result<ProfileEvidence> Sample() {
    const auto profiles = LoadShippedProfiles();
    return SampleIndex(&client_, {search::Engine::kElasticsearch, 8, 17}, "spans-*", *profiles, 20);
  }

  HttpStub stub_;
  search::RequestGate gate_{{}};
  const std::atomic<bool> never_{false};
  search::SearchClient client_;
};

TEST_F(IndexSampleTest, TakesTheNewestDocumentsByTheTimeFieldsThatCanBeSortedBy) {
  stub_.On(
      "POST", "/spans-*/_search",
      StubReply::Json(R"({"hits":{"hits":[{"_source":{"app":"a"}},{"_source":{"app":"b"}}]}})"));
  const auto evidence = Sample();
  ASSERT_TRUE(evidence.has_value()) << evidence.error().message();
  EXPECT_THAT(evidence->documents, ElementsAre(R"({"app":"a"})", R"({"app":"b"})"));
  EXPECT_THAT(evidence->mapping_fields, ElementsAre("startTimeMillis", "start_time"));
  EXPECT_EQ(evidence->index, "spans-1");
  const std::string body = stub_.last_request().body;
  EXPECT_THAT(body, HasSubstr(R"("sort":[{"startTimeMillis":{"order":"desc")"));
  EXPECT_THAT(body, Not(HasSubstr("start_time")));
  EXPECT_THAT(body, HasSubstr(R"("size":20)"));
}

TEST_F(IndexSampleTest, SaysWhenAllIndicesAreClosed) {
  stub_.On("GET", "/_resolve/index/spans-*",
           StubReply::Json(R"({"indices":[{"name":"spans-1","attributes":["closed"]}]})"));
  const auto evidence = Sample();
  ASSERT_FALSE(evidence.has_value());
  EXPECT_EQ(evidence.error().code(), StatusCode::kNotFound);
  EXPECT_THAT(evidence.error().message(), HasSubstr("closed"));
}

}  // namespace
}  // namespace tymbal::worker
