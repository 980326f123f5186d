// A cluster of several servers, and what its messages don't say.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "search/curl_http_fixture.h"

namespace tymbal::search {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using testing::HttpStub;
using ::testing::Not;
using testing::StubReply;
using testing::StubRequest;

constexpr std::string_view kCanary = "c4nary-s3cret";

class SearchHosts : public CurlHttpTest {
 protected:
  SearchHosts() {
    const auto echo = [](const HttpStub* stub) {
      return [name = stub->name()](const StubRequest&) { return StubReply::Json(name); };
    };
    stub_.Otherwise(echo(&stub_));
    second_.Otherwise(echo(&second_));
  }
  CurlHttpOptions Options(milliseconds rest = seconds(60)) const {
    return {.target = TargetOf({&stub_, &second_}), .rest_after_failure = rest};
  }
  HttpStub second_;
};

TEST_F(SearchHosts, TakesTurnsAndKeepsAConnectionToEach) {
  const auto client = Client(Options());
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(client->Send({.target = "/x"}, &body_).has_value());
    EXPECT_EQ(body_.text(), i % 2 == 0 ? stub_.name() : second_.name());
  }
  EXPECT_EQ(stub_.connections(), 1U);
  EXPECT_EQ(second_.connections(), 1U);
}

TEST_F(SearchHosts, AreLeftAloneByAllClientsOnceTheyFailed) {
  const HttpClientFactory factory = MakeCurlHttpFactory(Options());
  stub_.Once("GET", "/x", StubReply::HangUp());
  const auto first = factory()->Send({.target = "/x"}, &body_);
  ASSERT_FALSE(first.has_value());
  EXPECT_THAT(first.error().message(), HasSubstr(stub_.name()));
  for (int i = 0; i < 6; ++i) {
    const auto answer = factory()->Send({.target = "/x"}, &body_);
    ASSERT_TRUE(answer.has_value()) << answer.error().message();
    EXPECT_EQ(answer->host, second_.name());
  }
}

TEST_F(SearchHosts, AreAskedAgainAfterTheirRest) {
  const auto client = Client(Options(milliseconds(0)));
  stub_.Once("GET", "/x", StubReply::HangUp());
  EXPECT_FALSE(client->Send({.target = "/x"}, &body_).has_value());
  EXPECT_EQ(client->Send({.target = "/x"}, &body_)->host, second_.name());
  EXPECT_EQ(client->Send({.target = "/x"}, &body_)->host, stub_.name());
}

TEST_F(SearchHosts, StayInTurnWhenTheyAnswerAnErrorOrTheCallerGivesUp) {
  const auto client = Client(Options());
  stub_.Once("GET", "/x", StubReply::Error(503));
  EXPECT_EQ(client->Send({.target = "/x"}, &body_)->status, 503);
  EXPECT_EQ(client->Send({.target = "/x"}, &body_)->host, second_.name());
  const std::atomic<bool> cancel = true;
  EXPECT_FALSE(client->Send({.target = "/x", .cancel = &cancel}, &body_).has_value());
  EXPECT_EQ(client->Send({.target = "/x"}, &body_)->host, second_.name());
  EXPECT_EQ(client->Send({.target = "/x"}, &body_)->host, stub_.name());
}

TEST_F(SearchHosts, ThatCannotBeReachedAreNamed) {
  CurlHttpOptions options;
  {
    const HttpStub gone;
    options.target = TargetOf({&gone});
  }
  const auto answer = Client(options)->Send({.target = "/x"}, &body_);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), StatusCode::kUnavailable);
  EXPECT_THAT(answer.error().message(), HasSubstr(options.target.hosts[0].name));
}

TEST_F(SearchHosts, ServeManyThreadsAtATime) {
  const HttpClientFactory factory = MakeCurlHttpFactory(Options(milliseconds(1)));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&factory, this] {
      const auto client = factory();
      HttpBody body;
      for (int i = 0; i < 50; ++i) {
        if (i % 10 == 0) stub_.Once("GET", "/x", StubReply::HangUp());
        const auto answer = client->Send({.target = "/x"}, &body);
        if (answer.has_value()) {
          EXPECT_EQ(body.text(), answer->host);
        } else {
          EXPECT_EQ(answer.error().code(), StatusCode::kUnavailable);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(SearchHosts, NeverSeeTheirCredentialsInAMessage) {
  const std::string bearer = "Bearer " + std::string(kCanary);
  const StubReply replies[] = {StubReply::HangUp(),
                               StubReply::Raw("nonsense " + bearer + "\r\n\r\n"),
                               {.body = bearer, .cut_after = 3},
                               {.body = std::string(5000, 'x')}};
  for (const StubReply& reply : replies) {
    CurlHttpOptions options = {.target = TargetOf({&stub_})};
    options.target.authorization = bearer;
    stub_.Once("GET", "/x", reply);
    const auto answer = Client(options)->Send({.target = "/x", .body_bytes_max = 1000}, &body_);
    ASSERT_FALSE(answer.has_value());
    EXPECT_THAT(answer.error().message(), Not(HasSubstr(kCanary)));
    EXPECT_EQ(stub_.last_request().Header("authorization"), bearer);
  }
}

}  // namespace
}  // namespace tymbal::search
