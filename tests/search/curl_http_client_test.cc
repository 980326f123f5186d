#include "search/curl_http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <map>

#include "search/curl_http_fixture.h"

namespace tymbal::search {
namespace {

using std::chrono::seconds;
using testing::Framing;
using ::testing::HasSubstr;
using testing::HttpStub;
using testing::StubReply;
using testing::StubRequest;

using CurlHttpClient = CurlHttpTest;

/// Returns so many zeros, packed.
std::string GzipOfZeros(size_t size) {
  std::string zeros(size, '\0');
  std::string packed(size, '\0');
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(size);
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// What is sent.

TEST_F(CurlHttpClient, SendsMethodTargetBodyAndHeaders) {
  CurlHttpOptions options = {.target = TargetOf({&stub_})};
  options.target.hosts[0].url += "/prefix";
  options.target.authorization = "ApiKey abc";
  options.target.opaque_id = "tymbal-web";
  stub_.On("POST", "/prefix/a%2Cb/../_search", StubReply::Json("{}"));
  const HttpRequest request = {.method = "POST",
                               .target = "/a%2Cb/../_search?size=1",
                               .body = "{\"query\":{}}\n",
                               .content_type = "application/x-ndjson",
                               .opaque_id = "2026-11-22T10:00Z 3"};
  const auto answer = Client(options)->Send(request, &body_);
  ASSERT_TRUE(answer.has_value()) << answer.error().message();
  EXPECT_EQ(answer->status, 200);
  const StubRequest seen = stub_.last_request();
  EXPECT_EQ(seen.query, "size=1");
  EXPECT_EQ(seen.body, "{\"query\":{}}\n");
  const std::map<std::string, std::string> wanted = {
      {"host", stub_.name()},
      {"authorization", "ApiKey abc"},
      {"user-agent", "tymbal/" TYMBAL_VERSION},
      {"x-opaque-id", "tymbal-web/2026-11-22T10:00Z 3/1"},
      {"accept", "application/json"},
      {"content-type", "application/x-ndjson"},
      {"content-length", "13"}};
  EXPECT_EQ(seen.headers, wanted);  // And nothing else: no Expect, no Accept-Encoding.
}

TEST_F(CurlHttpClient, SendsEachMethodAfterEachOtherOnOneConnection) {
  const auto client = Client();
  stub_.Otherwise([](const StubRequest& request) { return StubReply::Json(request.method); });
  const std::string_view methods[] = {"GET", "POST", "PUT", "DELETE", "HEAD"};
  for (const std::string_view first : methods) {
    for (const std::string_view second : methods) {
      for (const std::string_view method : {first, second}) {
        const std::string_view sent = method == first && method != "HEAD" ? "{}" : "";
        const auto answer = client->Send({.method = method, .target = "/x", .body = sent}, &body_);
        ASSERT_TRUE(answer.has_value()) << answer.error().message();
        const StubRequest seen = stub_.last_request();
        EXPECT_EQ(seen.method, method);
        EXPECT_EQ(seen.body, sent);
        EXPECT_EQ(seen.Has("content-type"), !sent.empty()) << method;
        EXPECT_EQ(body_.text(), method == "HEAD" ? "" : method);
      }
    }
  }
  EXPECT_EQ(stub_.connections(), 1U);
}

TEST_F(CurlHttpClient, SendsALongBodyWithoutWaitingForLeave) {
  const std::string body(5 << 20, 'b');
  Answer(StubReply::Json("{}"), {.method = "POST", .target = "/_bulk", .body = body});
  EXPECT_EQ(stub_.last_request().body, body);
  EXPECT_FALSE(stub_.last_request().Has("expect"));
}

TEST_F(CurlHttpClient, RefusesRequestsThatWouldBreakOutOfTheirPlace) {
  const HttpRequest requests[] = {
      {.target = "/x HTTP/1.1\r\nX-Evil: 1\r\n\r\n"},
      {.target = "@evil.example/"},
      {.target = ""},
      {.target = "/a b"},
      {.target = "/a#b"},
      {.target = "/\xc3\xa4"},
      {.method = "TRACE", .target = "/"},
      {.method = "GET / HTTP/1.1\r\nA: b\r\n\r\nGET", .target = "/"},
      {.target = "/", .body = "{}", .content_type = "a\r\nX-Evil: 1"},
      {.target = "/", .opaque_id = "a\nX-Evil: 1"},
  };
  for (const HttpRequest& request : requests) {
    const auto answer = Client()->Send(request, &body_);
    ASSERT_FALSE(answer.has_value()) << request.target;
    EXPECT_EQ(answer.error().code(), StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(stub_.connections(), 0U);
}

TEST_F(CurlHttpClient, UsesNoProxyOfTheEnvironment) {
  HttpStub proxy;
  setenv("http_proxy", proxy.url().c_str(), 1);
  setenv("ALL_PROXY", proxy.url().c_str(), 1);
  const HttpAnswer answer = Answer(StubReply::Json("{}"));
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(proxy.connections(), 0U);
}

// What comes back.

TEST_F(CurlHttpClient, BringsStatusTypeAndBody) {
  const HttpAnswer answer = Answer({.status = 404,
                                    .body = R"({"found":false})",
                                    .content_type = "Application/JSON; charset=UTF-8"});
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(answer.host, stub_.name());
  EXPECT_EQ(answer.retry_after, std::nullopt);
  EXPECT_EQ(body_.text(), R"({"found":false})");
  EXPECT_GE(body_.buffer.size(), body_.size + kBodyPadding);
}

TEST_F(CurlHttpClient, BringsAnAnswerWithoutBodyOrType) {
  const HttpAnswer answer = Answer({.content_type = ""});
  EXPECT_EQ(answer.content_type, "");
  EXPECT_EQ(body_.size, 0U);
  EXPECT_GE(body_.buffer.size(), kBodyPadding);
}

TEST_F(CurlHttpClient, BringsTheWholeBodyHoweverItIsFramedAndReusesTheBuffer) {
  const auto client = Client();
  std::string text;
  for (int i = 0; text.size() < (3 << 20); ++i) text += std::to_string(i);
  for (const Framing framing : {Framing::kContentLength, Framing::kChunked}) {
    for (const size_t size : {text.size(), size_t{1}, size_t{0}, text.size() / 2}) {
      stub_.On("GET", "/x", {.body = text.substr(0, size), .framing = framing});
      const auto answer = client->Send({.target = "/x"}, &body_);
      ASSERT_TRUE(answer.has_value()) << answer.error().message();
      EXPECT_TRUE(body_.text() == text.substr(0, size)) << size;
      EXPECT_GE(body_.buffer.size(), body_.size + kBodyPadding);
    }
  }
  EXPECT_EQ(stub_.connections(), 1U);
}

TEST_F(CurlHttpClient, TakesARoomOfTheAnnouncedSize) {
  Answer({.body = std::string(1'000'000, 'x')});
  EXPECT_EQ(body_.buffer.size(), 1'000'000 + kBodyPadding);
}

TEST_F(CurlHttpClient, FollowsNoRedirect) {
  HttpStub other;
  const HttpAnswer answer = Answer({.status = 302, .headers = {{"Location", other.url() + "/x"}}});
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(other.connections(), 0U);
  EXPECT_EQ(stub_.requests().size(), 1U);
}

TEST_F(CurlHttpClient, TellsTheTypeOfAProxysPage) {
  const HttpAnswer answer =
      Answer({.body = "<html>Log in</html>", .content_type = "text/html; charset=utf-8"});
  EXPECT_EQ(answer.content_type, "text/html");
}

TEST_F(CurlHttpClient, ReadsRetryAfterInSecondsAndAsADate) {
  EXPECT_EQ(Answer({.status = 429, .headers = {{"Retry-After", "7"}}}).retry_after, seconds(7));
  const HttpAnswer future =
      Answer({.status = 503, .headers = {{"Retry-After", "Fri, 01 Jan 2100 00:00:00 GMT"}}});
  EXPECT_GT(future.retry_after, seconds(24 * 3600));
  const HttpAnswer past =
      Answer({.status = 503, .headers = {{"Retry-After", "Sat, 01 Jan 2000 00:00:00 GMT"}}});
  EXPECT_EQ(past.retry_after, seconds(0));
  EXPECT_EQ(Answer({.status = 503, .headers = {{"Retry-After", "soon"}}}).retry_after,
            std::nullopt);
}

/// A server that sends the id of a request back, as Elasticsearch and OpenSearch do.
StubReply WithId(const std::string& id) { return {.body = "{}", .headers = {{"X-Opaque-Id", id}}}; }

TEST_F(CurlHttpClient, TakesNoAnswerForAnotherRequest) {
  const auto client = Client();
  stub_.On("GET", "/x", [](const StubRequest& seen) { return WithId(seen.Header("x-opaque-id")); });
  ASSERT_TRUE(client->Send({.target = "/x"}, &body_).has_value());
  const std::string before = stub_.last_request().Header("x-opaque-id");
  ASSERT_TRUE(client->Send({.target = "/x"}, &body_).has_value());
  EXPECT_NE(stub_.last_request().Header("x-opaque-id"), before);
  EXPECT_EQ(stub_.connections(), 1U);

  stub_.Once("GET", "/x", WithId(before));
  const auto foreign = client->Send({.target = "/x"}, &body_);
  ASSERT_FALSE(foreign.has_value());
  EXPECT_EQ(foreign.error().code(), StatusCode::kUnavailable);
  EXPECT_THAT(foreign.error().message(), HasSubstr("the answer to another request"));
  EXPECT_EQ(body_.size, 0U);

  // All later answers on that connection could be one request late.
  ASSERT_TRUE(client->Send({.target = "/x"}, &body_).has_value());
  EXPECT_EQ(stub_.connections(), 2U);
}

TEST_F(CurlHttpClient, LetsAProxyNameRequestsInItsOwnWay) {
  EXPECT_EQ(Answer(WithId("gateway-7f3a")).status, 200);
}

TEST_F(CurlHttpClient, SkipsHeadsThatOnlyAnnounce) {
  const HttpAnswer answer =
      Answer(StubReply::Raw("HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(body_.text(), "{}");
}

TEST_F(CurlHttpClient, AsksForGzipOnlyWhenToldToAndCountsWhatComesOutOfIt) {
  const std::string packed = GzipOfZeros(1 << 20);
  ASSERT_LT(packed.size(), 2000U);
  const StubReply reply = {.body = packed, .headers = {{"Content-Encoding", "gzip"}}};
  stub_.On("GET", "/x", reply);
  const CurlHttpOptions options = {.target = TargetOf({&stub_}), .compressed = true};
  const auto whole = Client(options)->Send({.target = "/x"}, &body_);
  ASSERT_TRUE(whole.has_value()) << whole.error().message();
  EXPECT_EQ(body_.size, size_t{1} << 20);
  EXPECT_EQ(stub_.last_request().Header("accept-encoding"), "gzip");
  const auto bomb =
      Client(options)->Send({.target = "/x", .body_bytes_max = (1 << 20) - 1}, &body_);
  ASSERT_FALSE(bomb.has_value());
  EXPECT_EQ(bomb.error().code(), StatusCode::kExhausted);
}

}  // namespace
}  // namespace tymbal::search
