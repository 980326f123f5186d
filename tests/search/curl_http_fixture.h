#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "search/curl_http_client.h"
#include "support/http_stub.h"

namespace tymbal::search {

inline SearchTarget TargetOf(std::initializer_list<const testing::HttpStub*> stubs) {
  SearchTarget target;
  for (const testing::HttpStub* stub : stubs) target.hosts.push_back({stub->url(), stub->name()});
  return target;
}

inline std::chrono::milliseconds Since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

/// A client and the stub that it talks to.
class CurlHttpTest : public ::testing::Test {
 protected:
  std::unique_ptr<HttpClient> Client() { return Client({.target = TargetOf({&stub_})}); }
  static std::unique_ptr<HttpClient> Client(CurlHttpOptions options) {
    return MakeCurlHttpFactory(std::move(options))();
  }

  /// Sends to a stub that gives this reply.
  Result<HttpAnswer> Ask(testing::StubReply reply, const HttpRequest& request = {.target = "/x"}) {
    stub_.On(std::string(request.method), request.target, std::move(reply));
    return Client()->Send(request, &body_);
  }

  HttpAnswer Answer(testing::StubReply reply, const HttpRequest& request = {.target = "/x"}) {
    const Result<HttpAnswer> answer = Ask(std::move(reply), request);
    EXPECT_TRUE(answer.has_value()) << answer.error().message();
    return answer.has_value() ? *answer : HttpAnswer();
  }

  Status Fail(testing::StubReply reply, const HttpRequest& request = {.target = "/x"}) {
    const Result<HttpAnswer> answer = Ask(std::move(reply), request);
    EXPECT_EQ(body_.size, 0U) << "a part of an answer must not look like one";
    EXPECT_FALSE(answer.has_value()) << answer->status;
    if (answer.has_value()) return Status::Ok();
    EXPECT_THAT(answer.error().message(), ::testing::HasSubstr(stub_.name()));
    return answer.error();
  }

  testing::HttpStub stub_;
  HttpBody body_;
};

}  // namespace tymbal::search
