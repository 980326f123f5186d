#include "search/server_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace tymbal::search {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Status Answered(int status, std::string_view text, const std::string& type = "application/json") {
  HttpBody body;
  body.buffer.assign(text.size() + kBodyPadding, '\0');
  std::copy(text.begin(), text.end(), body.buffer.begin());
  body.size = text.size();
  HttpAnswer answer;
  answer.status = status;
  answer.content_type = type;
  answer.host = "es1:9200";
  return ErrorOf("POST /spans/_search", answer, body);
}

std::string Error(std::string_view type, std::string_view reason) {
  return R"({"error":{"root_cause":[{"type":")" + std::string(type) + R"(","reason":")" +
         std::string(reason) + R"("}],"type":"search_phase_execution_exception","reason":"all"}})";
}

TEST(ServerError, SaysWhoWasAskedAndWhatTheServerSays) {
  const Status status = Answered(400, Error("parsing_exception", "unknown query"));
  EXPECT_EQ(status.code(), StatusCode::kBadInput);
  EXPECT_EQ(status.message(),
            "POST /spans/_search at es1:9200: status 400: parsing_exception: unknown query");
}

TEST(ServerError, WhatMayPassIsUnavailable) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(Answered(status, Error("x", "y")).code(), StatusCode::kUnavailable) << status;
  }
  // A new point in time cures it.
  EXPECT_EQ(Answered(404, Error("search_context_missing_exception", "No context [1]")).code(),
            StatusCode::kUnavailable);
  EXPECT_EQ(Answered(404, Error("index_not_found_exception", "no such index [x]")).code(),
            StatusCode::kNotFound);
}

TEST(ServerError, NamesTheCureWhereAPersonMustAct) {
  EXPECT_THAT(Answered(401, "{}").message(), HasSubstr("password or key are wrong or missing"));
  EXPECT_THAT(Answered(403, "{}").message(),
              HasSubstr("lacks rights: read and view_index_metadata"));
  EXPECT_THAT(Answered(302, "").message(), HasSubstr("Redirects are not followed"));
  for (const int status : {401, 403, 301, 302}) {
    EXPECT_EQ(Answered(status, "{}").code(), StatusCode::kInvalidArgument) << status;
  }
}

TEST(ServerError, TooBigAPageIsExhaustedWhateverTheVersionCallsIt) {
  const std::string window = Error("illegal_argument_exception", "Result window is too large, …");
  EXPECT_EQ(Answered(400, window).code(), StatusCode::kExhausted);
  EXPECT_EQ(Answered(500, window).code(), StatusCode::kExhausted);  // Elasticsearch 6.
  EXPECT_EQ(Answered(429, R"({"error":{"type":"circuit_breaking_exception","reason":"big",)"
                          R"("durability":"PERMANENT"}})")
                .code(),
            StatusCode::kExhausted);
  EXPECT_EQ(Answered(429, R"({"error":{"type":"circuit_breaking_exception","reason":"big",)"
                          R"("durability":"TRANSIENT"}})")
                .code(),
            StatusCode::kUnavailable);
}

TEST(ServerError, NamesTheShardAndTheDeepestReason) {
  EXPECT_THAT(
      Answered(503, R"({"error":{"type":"search_phase_execution_exception","reason":"all",)"
                    R"("failed_shards":[{"shard":3,"index":"spans-1","node":"n1","reason":)"
                    R"({"type":"a","reason":"b","caused_by":{"type":"c","reason":"deep"}}}]}})")
          .message(),
      HasSubstr("index spans-1, shard 3, node n1: c: deep"));
}

TEST(ServerError, ShowsWhatIsNoAnswerOfTheServerSafelyAndCut) {
  const std::string message =
      Answered(502, "<html>\x1b[31m" + std::string(2'000, 'x'), "text/html").message();
  EXPECT_THAT(message, AllOf(HasSubstr("no answer of a search server (text/html): <html>"),
                             Not(HasSubstr("\x1b"))));
  EXPECT_LT(message.size(), 600U);
  EXPECT_THAT(Answered(400, R"({"error":"plain words"})").message(), HasSubstr("plain words"));
  EXPECT_THAT(Answered(503, "").message(), HasSubstr("status 503"));
}

}  // namespace
}  // namespace tymbal::search
