// Servers that do what they should not, and the limits that hold against them.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "search/curl_http_fixture.h"

namespace tymbal::search {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::Framing;
using ::testing::HasSubstr;
using testing::StubReply;

using CurlHttpFaults = CurlHttpTest;

TEST_F(CurlHttpFaults, TakesNoCutAnswerForAnAnswer) {
  const std::string text(100'000, 'x');
  const StubReply replies[] = {
      {.body = text, .cut_after = 50'000},
      {.body = text, .cut_after = 0},
      {.body = text, .content_length = text.size() + 1, .cut_after = text.size()},
      {.body = text, .framing = Framing::kChunked, .cut_after = 50'000},
      {.body = text, .framing = Framing::kChunked, .cut_after = text.size()},
      {.body = text, .cut_after = 50'000, .reset = true},
      StubReply::Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
      StubReply::Raw("HTTP/1.1 200 OK\r\nContent-Le"),
  };
  for (const StubReply& reply : replies) {
    EXPECT_EQ(Fail(reply).code(), StatusCode::kUnavailable);
  }
  EXPECT_THAT(Fail(replies[0]).message(), HasSubstr("50000 bytes remaining"));
}

TEST_F(CurlHttpFaults, TakesNoAnswerThatOnlyTheConnectionEndsForWhole) {
  const StubReply reply = {.body = "{}", .framing = Framing::kUntilClosed};
  EXPECT_EQ(Fail(reply).code(), StatusCode::kUnavailable);
  EXPECT_EQ(Fail(StubReply::Raw("HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "HTTP/1.1 200 OK\r\n\r\n{}"))
                .code(),
            StatusCode::kUnavailable);
  StubReply error = reply;  // Its status says enough.
  error.status = 503;
  EXPECT_EQ(Answer(error).status, 503);
}

TEST_F(CurlHttpFaults, SaysWhatIsNoHttp) {
  const StubReply replies[] = {
      StubReply::Raw("SSH-2.0-OpenSSH_9.2\r\n"),
      StubReply::Raw("\x15\x03\x01\x00\x02\x02\x50"),  // An alert of TLS.
      StubReply::Raw("HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n{}"),
  };
  for (const StubReply& reply : replies) {
    const Status status = Fail(reply);
    EXPECT_EQ(status.code(), StatusCode::kBadInput) << status.message();
    EXPECT_THAT(status.message(), HasSubstr("source.elasticsearch.hosts"));
  }
}

TEST_F(CurlHttpFaults, SaysWhoHungUpWithoutAnAnswer) {
  const Status status = Fail(StubReply::HangUp());
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("https://"));
}

TEST_F(CurlHttpFaults, StopsAtTheLimitOfAnAnswersLength) {
  const HttpRequest request = {.target = "/x", .body_bytes_max = 1000};
  EXPECT_EQ(Answer({.body = std::string(1000, 'x')}, request).status, 200);
  EXPECT_EQ(Answer({.body = std::string(1000, 'x'), .framing = Framing::kChunked}, request).status,
            200);
  const StubReply replies[] = {
      {.body = std::string(1001, 'x')},
      {.body = std::string(1001, 'x'), .framing = Framing::kChunked},
      {.body = std::string(64 << 10, 'x'), .framing = Framing::kChunked, .endless = true},
      {.body = std::string(64 << 10, 'x'), .framing = Framing::kUntilClosed, .endless = true},
      {.body = "x", .content_length = size_t{300} << 20, .cut_after = 1},
  };
  for (const StubReply& reply : replies) {
    const Status status = Fail(reply, request);
    EXPECT_EQ(status.code(), StatusCode::kExhausted) << status.message();
    EXPECT_LT(body_.buffer.size(), 1100U);
  }
  // The length that is announced for HEAD is that of another answer.
  const HttpRequest head = {.method = "HEAD", .target = "/x", .body_bytes_max = 1000};
  EXPECT_EQ(Answer({.body = std::string(1001, 'x')}, head).status, 200);
}

TEST_F(CurlHttpFaults, StopsAtAnEndlessHead) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; head.size() < (1 << 20); ++i) head += fmt::format("X-{}: y\r\n", i);
  const Status status = Fail(StubReply::Raw(head + "Content-Length: 2\r\n\r\n{}"));
  EXPECT_EQ(status.code(), StatusCode::kBadInput) << status.message();
}

TEST_F(CurlHttpFaults, KeepsItsDeadlineWhateverTheServerDoes) {
  const StubReply replies[] = {
      StubReply::Silence(),
      {.body = std::string(10'000, 'x'), .drip_bytes = 1, .drip_pause = milliseconds(5)},
      {.body = "x", .framing = Framing::kChunked, .drip_bytes = 1, .endless = true},
  };
  for (const StubReply& reply : replies) {
    const auto start = steady_clock::now();
    const Status status = Fail(reply, {.target = "/x", .deadline = milliseconds(150)});
    EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status.message();
    EXPECT_THAT(status.message(), HasSubstr("150 ms"));
    EXPECT_GE(Since(start), milliseconds(140));
    EXPECT_LT(Since(start), milliseconds(2000));
  }
}

TEST_F(CurlHttpFaults, HasNoTimeWithADeadlineOfZero) {
  const HttpRequest request = {.target = "/x", .deadline = milliseconds(0)};
  EXPECT_EQ(Fail(StubReply::Json("{}"), request).code(), StatusCode::kUnavailable);
  EXPECT_EQ(stub_.connections(), 0U);
}

TEST_F(CurlHttpFaults, GivesUpSoonOnceCancelled) {
  std::atomic<bool> cancel = false;
  std::atomic<steady_clock::time_point> cancelled{};
  std::thread canceller([&] {
    EXPECT_TRUE(stub_.WaitForRequests(1));
    // Until libcurl has no timer of its own left that would wake it up.
    HttpBody body;
    stub_.On("GET", "/later", {.delay = milliseconds(300)});
    EXPECT_TRUE(Client()->Send({.target = "/later"}, &body).has_value());
    cancelled = steady_clock::now();
    cancel = true;
  });
  const Status status = Fail(StubReply::Silence(), {.target = "/x", .cancel = &cancel});
  canceller.join();
  EXPECT_LT(Since(cancelled), milliseconds(1000));  // 200, on a machine that isn't overloaded.
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("cancelled"));
  // And doesn't even begin.
  const size_t before = stub_.connections();
  EXPECT_EQ(Fail(StubReply::Json("{}"), {.target = "/x", .cancel = &cancel}).code(),
            StatusCode::kUnavailable);
  EXPECT_EQ(stub_.connections(), before);
}

TEST_F(CurlHttpFaults, WorksOnAfterEachFailure) {
  const auto client = Client();
  const StubReply failures[] = {
      {.body = "0123456789", .cut_after = 5},
      {.body = std::string(5000, 'x')},
      {.body = "x", .framing = Framing::kChunked, .endless = true},
      StubReply::Silence(),
      StubReply::HangUp(),
      StubReply::Raw("nonsense"),
      {.body = "{}", .headers = {{"Connection", "close"}}},
  };
  for (const StubReply& failure : failures) {
    stub_.Once("GET", "/x", failure);
    stub_.On("GET", "/x", StubReply::Json("{\"good\":1}"));
    const HttpRequest request = {
        .target = "/x", .deadline = milliseconds(300), .body_bytes_max = 1000};
    (void)client->Send(request, &body_);
    const auto answer = client->Send(request, &body_);
    ASSERT_TRUE(answer.has_value()) << answer.error().message();
    EXPECT_EQ(body_.text(), "{\"good\":1}");
  }
}

TEST_F(CurlHttpFaults, DoesNotTakeTheRestOfOneAnswerForTheNext) {
  const auto client = Client();
  const std::string forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
  const StubReply replies[] = {
      {.body = "{}" + forged, .content_length = 2},
      // Behind the head, so that it is still in the socket when the answer is complete.
      {.body = "{}" + forged, .content_length = 2, .drip_bytes = 2, .drip_pause = milliseconds(0)},
  };
  stub_.On("GET", "/x", StubReply::Json("true"));
  for (const StubReply& reply : replies) {
    stub_.Once("GET", "/x", reply);
    ASSERT_TRUE(client->Send({.target = "/x"}, &body_).has_value());
    EXPECT_EQ(body_.text(), "{}");
    ASSERT_TRUE(stub_.WaitForReplies(stub_.requests().size()));
    auto next = client->Send({.target = "/x"}, &body_);
    if (!next.has_value()) {  // Once may fail, and must not be taken for no HTTP.
      EXPECT_EQ(next.error().code(), StatusCode::kUnavailable);
      next = client->Send({.target = "/x"}, &body_);
    }
    ASSERT_TRUE(next.has_value()) << next.error().message();
    EXPECT_EQ(body_.text(), "true");
  }
}

}  // namespace
}  // namespace tymbal::search
