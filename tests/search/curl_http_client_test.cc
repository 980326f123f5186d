#include "search/curl_http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "support/http_stub.h"

namespace tymbal::search {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using testing::Framing;
using ::testing::HasSubstr;
using testing::HttpStub;
using ::testing::Not;
using testing::StubReply;
using testing::StubRequest;

constexpr std::string_view kCanary = "c4nary-s3cret";

SearchTarget TargetOf(std::initializer_list<const HttpStub*> stubs) {
  SearchTarget target;
  for (const HttpStub* stub : stubs) target.hosts.push_back({stub->url(), stub->name()});
  return target;
}

[[maybe_unused]] milliseconds Since(steady_clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
}

class CurlHttpClient : public ::testing::Test {
 protected:
  std::unique_ptr<HttpClient> Client() { return Client({.target = TargetOf({&stub_})}); }
  static std::unique_ptr<HttpClient> Client(CurlHttpOptions options) {
    return MakeCurlHttpFactory(std::move(options))();
  }
  /// Sends to a stub that gives this reply.
  Result<HttpAnswer> Ask(StubReply reply, HttpRequest request = {.target = "/x"}) {
    stub_.On(std::string(request.method), request.target, std::move(reply));
    return Client()->Send(request, &body_);
  }
  Status Fail(StubReply reply, HttpRequest request = {.target = "/x"}) {
    const Result<HttpAnswer> answer = Ask(std::move(reply), std::move(request));
    EXPECT_FALSE(answer.has_value()) << answer->status << " " << body_.text();
    EXPECT_EQ(body_.size, 0U) << "a part of an answer must not look like one";
    if (answer.has_value()) return Status::Ok();
    EXPECT_THAT(answer.error().message(), HasSubstr(stub_.name()));
    return answer.error();
  }

  HttpStub stub_;
  HttpBody body_;
};

TEST_F(CurlHttpClient, BringsTheAnswerAndItsBody) {
  const auto answer = Ask({.status = 404,
                           .body = R"({"found":false})",
                           .content_type = "Application/JSON; charset=UTF-8"});
  ASSERT_TRUE(answer.has_value()) << answer.error().message();
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->content_type, "application/json");
  EXPECT_EQ(answer->host, stub_.name());
  EXPECT_EQ(answer->retry_after, std::nullopt);
  EXPECT_EQ(body_.text(), R"({"found":false})");
  EXPECT_GE(body_.buffer.size(), body_.size + kBodyPadding);
}

}  // namespace
}  // namespace tymbal::search
