// What is repeated, how long, and what is said at the end.

#include "search/search_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "search/curl_http_fixture.h"

namespace tymbal::search {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using testing::StubReply;

const Call kCall = {.method = "POST", .target = "/_search?q=1", .body = "{}"};

class SearchClientTest : public ::testing::Test {
 protected:
  SearchClientTest() {
    options_.deadline = milliseconds(2'000);
    options_.patience = milliseconds(5'000);
    options_.first_wait = milliseconds(20);
    options_.on_retry = [this](const Status& error) { retries_.push_back(error.message()); };
    options_.gave_up = &gave_up_;
    stub_.On("GET", "/", StubReply::Json("{}"));
    stub_.On("POST", "/_search", StubReply::Json(R"({"whole":true})"));
  }

  SearchClient Client() {
    return {MakeCurlHttpFactory({.target = TargetOf({&stub_})})(), &gate_, &cancel_, options_};
  }

  /// Asks after the first contact, when all of the patience counts.
  Status Ask(const Call& call = kCall, const SearchClient::Check& check = {}) {
    SearchClient client = Client();
    EXPECT_TRUE(client.Do({.target = "/"}).ok());
    const auto began = steady_clock::now();
    const Status status = client.Do(call, check);
    took_ = Since(began);
    EXPECT_TRUE(!status.ok() || client.body().text() == R"({"whole":true})");
    return status;
  }

  size_t Searches() const {
    const auto requests = stub_.requests();
    return static_cast<size_t>(std::count_if(
        requests.begin(), requests.end(), [](const auto& one) { return one.path == "/_search"; }));
  }

  testing::HttpStub stub_;
  RequestGate gate_{{}};
  std::atomic<bool> cancel_{false};
  std::atomic<bool> gave_up_{false};
  SearchClientOptions options_;
  std::vector<std::string> retries_;
  milliseconds took_{0};
};

TEST_F(SearchClientTest, RepeatsWhatMayPass) {
  for (const StubReply& reply :
       {StubReply::Error(408), StubReply::Error(429), StubReply::Error(500), StubReply::Error(502),
        StubReply::Error(503), StubReply::Error(504), StubReply{.body = "{}", .cut_after = 1}}) {
    stub_.Once("POST", "/_search", reply);
    EXPECT_TRUE(Ask().ok()) << reply.status;
  }
  EXPECT_EQ(Searches(), 14U);
  EXPECT_THAT(retries_, AllOf(SizeIs(7), Each(HasSubstr("POST /_search"))));
  EXPECT_FALSE(gave_up_);
}

TEST_F(SearchClientTest, DoesNotRepeatWhatStays) {
  for (const int status : {301, 400, 401, 403, 404, 405, 501}) {
    stub_.Once("POST", "/_search", StubReply::Error(status));
    EXPECT_FALSE(Ask().ok()) << status;
  }
  // The same page would be too big for the server's memory again.
  stub_.Once("POST", "/_search",
             StubReply::Error(429, R"({"error":{"type":"circuit_breaking_exception",)"
                                   R"("durability":"PERMANENT"},"status":429})"));
  EXPECT_EQ(Ask().code(), StatusCode::kExhausted);
  // Only a new point in time cures it.
  stub_.Once("POST", "/_search",
             StubReply::Error(404, R"({"error":{"type":"search_context_missing_exception"}})"));
  EXPECT_EQ(Ask().code(), StatusCode::kUnavailable);
  EXPECT_EQ(Searches(), 9U);
  EXPECT_THAT(retries_, SizeIs(0));
  EXPECT_FALSE(gave_up_) << "a new reading may do better";
}

TEST_F(SearchClientTest, WaitsTwiceAsLongEachTimeUntilItsPatienceIsOver) {
  options_.first_wait = milliseconds(100);
  options_.patience = milliseconds(450);
  stub_.On("POST", "/_search", StubReply::Error(503));
  const Status status = Ask();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("503"), HasSubstr("asked "), HasSubstr(" times in 0.")));
  EXPECT_TRUE(gave_up_);
  // Waits of 50 to 100 ms, of 100 to 200 ms, and a third that mostly isn't begun.
  EXPECT_GE(took_, milliseconds(150));
  EXPECT_LT(took_, milliseconds(450 + 500));
  EXPECT_GE(Searches(), 3U);
  EXPECT_LE(Searches(), 4U);
}

TEST_F(SearchClientTest, WaitsAsLongAsTheServerSays) {
  stub_.Once("POST", "/_search", {.status = 429, .body = "{}", .headers = {{"Retry-After", "1"}}});
  EXPECT_TRUE(Ask().ok());
  EXPECT_GE(took_, milliseconds(1'000));
}

TEST_F(SearchClientTest, DoesNotWaitInVainForLongerThanItsPatience) {
  stub_.On("POST", "/_search", {.status = 503, .body = "{}", .headers = {{"Retry-After", "60"}}});
  EXPECT_FALSE(Ask().ok());
  EXPECT_LT(took_, milliseconds(1'000));
  EXPECT_EQ(Searches(), 1U);
  EXPECT_TRUE(gave_up_);
}

TEST_F(SearchClientTest, RepeatsAnAnswerThatIsNotWhole) {
  int looks = 0;
  EXPECT_TRUE(Ask(kCall, [&](const HttpBody&) {
                return ++looks == 1 ? Unavailable("a half of it") : Status::Ok();
              }).ok());
  EXPECT_EQ(looks, 2);
  EXPECT_THAT(retries_, Each(AllOf(HasSubstr("a half of it"), HasSubstr(stub_.name()))));
}

TEST_F(SearchClientTest, AsksFiveTimesForWhatMostlyStays) {
  options_.patience = milliseconds(60'000);
  const Status status = Ask(kCall, [](const HttpBody&) { return Unavailable("a half of it"); });
  EXPECT_THAT(status.message(), AllOf(HasSubstr("a half of it"), HasSubstr("asked 5 times")));
  EXPECT_EQ(Searches(), 5U);
  EXPECT_FALSE(gave_up_) << "a new reading may do better";
}

TEST_F(SearchClientTest, LeavesAPointInTimeThatLacksAShard) {
  options_.patience = milliseconds(60'000);
  Call in_point_in_time = kCall;
  in_point_in_time.in_point_in_time = true;
  stub_.On("POST", "/_search", StubReply::Error(503));
  EXPECT_THAT(Ask(in_point_in_time).message(), HasSubstr("asked 5 times"));
  EXPECT_FALSE(gave_up_) << "a new point in time may find a copy";
}

TEST_F(SearchClientTest, BelievesTheCheckThatAnAnswerIsWrong) {
  const Status status = Ask(kCall, [](const HttpBody&) { return BadInput("two times in a span"); });
  EXPECT_EQ(status.code(), StatusCode::kBadInput);
  EXPECT_THAT(status.message(), HasSubstr("two times in a span"));
  EXPECT_EQ(Searches(), 1U);
}

TEST_F(SearchClientTest, NeverRepeatsWhatMustNotBe) {
  Call next_page = kCall;
  next_page.repeatable = false;
  stub_.Once("POST", "/_search", StubReply::Error(503));
  EXPECT_EQ(Ask(next_page).code(), StatusCode::kUnavailable);
  EXPECT_EQ(Searches(), 1U);
  EXPECT_EQ(Ask(next_page, [](const HttpBody&) { return Unavailable("half"); }).code(),
            StatusCode::kUnavailable);
  EXPECT_EQ(Searches(), 2U);
}

TEST_F(SearchClientTest, EndsSoonWhenCancelledWhileItWaits) {
  options_.patience = milliseconds(60'000);
  stub_.On("POST", "/_search", {.status = 503, .body = "{}", .headers = {{"Retry-After", "30"}}});
  std::thread canceller([this] {
    stub_.WaitForReplies(2);  // The first is that to GET /.
    cancel_ = true;
  });
  const Status status = Ask();
  canceller.join();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_LT(took_, milliseconds(5'000));
  EXPECT_EQ(Searches(), 1U);
}

TEST_F(SearchClientTest, TreatsASilentServerAsOneThatIsAway) {
  options_.deadline = milliseconds(100);
  stub_.Once("POST", "/_search", StubReply::Silence());
  EXPECT_TRUE(Ask().ok());
  EXPECT_THAT(retries_, AllOf(SizeIs(1), Each(HasSubstr("source.elasticsearch.deadline"))));
}

TEST_F(SearchClientTest, IsLessPatientWithAnAddressThatHasNeverAnswered) {
  EXPECT_FALSE(gate_.has_answered());
  SearchTarget nobody = TargetOf({&stub_});
  nobody.hosts[0] = {"http://127.0.0.1:1", "127.0.0.1:1"};
  options_.patience = milliseconds(400);
  const Status status =
      SearchClient(MakeCurlHttpFactory({.target = nobody})(), &gate_, &cancel_, options_)
          .Do({.target = "/"});
  EXPECT_THAT(status.message(), AllOf(HasSubstr("127.0.0.1:1"), HasSubstr("asked ")));
  EXPECT_FALSE(gate_.has_answered());
  stub_.Once("GET", "/", StubReply::Error(401));
  EXPECT_FALSE(Client().Do({.target = "/"}).ok());
  EXPECT_TRUE(gate_.has_answered()) << "a refusal is an answer, too";
}

}  // namespace
}  // namespace tymbal::search
