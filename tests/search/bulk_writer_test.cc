#include "search/bulk_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "search/curl_http_client.h"
#include "search/curl_http_fixture.h"
#include "search/request_gate.h"
#include "support/http_stub.h"

namespace tymbal::search {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using testing::HttpStub;
using ::testing::Not;
using testing::StubReply;
using testing::StubRequest;

/// Answers bulk requests as a server does: each id is created once. What `judge` returns other than
/// 0 is the status of a document.
class BulkStub {
 public:
  using Judge = std::function<int(const std::string& id, size_t documents)>;

  explicit BulkStub(Judge judge = [](const std::string&, size_t) { return 0; })
      : judge_(std::move(judge)) {
    stub_.On("POST", "/_bulk", [this](const StubRequest& request) { return Answer(request); });
  }

  HttpStub& stub() { return stub_; }
  /// How often each id was created.
  std::map<std::string, int> created() const {
    const std::lock_guard lock(mutex_);
    return created_;
  }

 private:
  StubReply Answer(const StubRequest& request) {
    const auto documents =
        static_cast<size_t>(std::count(request.body.begin(), request.body.end(), '\n')) / 2;
    std::string items;
    const std::lock_guard lock(mutex_);
    size_t at = 0;
    while ((at = request.body.find(R"("_id":")", at)) != std::string::npos) {
      at += 7;
      const std::string id = request.body.substr(at, request.body.find('"', at) - at);
      int status = judge_(id, documents);
      if (status == 0) status = created_[id]++ == 0 ? 201 : 409;
      items += (items.empty() ? "" : ",") + Item(status);
    }
    return StubReply::Json("{\"items\":[" + items + "]}");
  }

  static std::string Item(int status) {
    const std::string number = std::to_string(status);
    if (status < 300) return R"({"create":{"status":)" + number + "}}";
    const std::string type = status == 400 ? "parse_exception" : "some_exception";
    return R"({"create":{"status":)" + number + R"(,"error":{"type":")" + type +
           R"(","reason":"because"}}})";
  }

  const Judge judge_;
  mutable std::mutex mutex_;
  std::map<std::string, int> created_;
  HttpStub stub_;
};

class BulkWriterTest : public ::testing::Test {
 protected:
  BulkWriter::MakeClient ClientOf(const HttpStub& stub) {
    factory_ = MakeCurlHttpFactory({.target = TargetOf({&stub})});
    return [this](const std::atomic<bool>* cancel) {
      return std::make_unique<SearchClient>(
          factory_(), &gate_, cancel,
          SearchClientOptions{.deadline = std::chrono::milliseconds(5'000),
                              .patience = std::chrono::milliseconds(2'000)});
    };
  }

  static Status AddAll(BulkWriter* writer, int count) {
    for (int i = 0; i < count; ++i) {
      const std::string id = std::to_string(i);
      TYMBAL_RETURN_IF_ERROR(writer->Add({.index = "spans", .id = id, .source = R"({"app":"a"})"}));
    }
    return writer->Finish();
  }

  RequestGate gate_{{.requests_max = 4}};
  HttpClientFactory factory_;
};

TEST_F(BulkWriterTest, WritesEachDocumentOnceInBatchesOfAboutTheirLength) {
  BulkStub server;
  BulkWriter writer({.batch_bytes = 1'000, .requests = 2}, ClientOf(server.stub()));
  ASSERT_TRUE(AddAll(&writer, 100).ok());
  EXPECT_EQ(writer.totals().created, 100U);
  EXPECT_EQ(writer.totals().refused + writer.totals().present, 0U);
  EXPECT_EQ(server.created().size(), 100U);
  const std::vector<StubRequest> requests = server.stub().requests();
  EXPECT_GT(requests.size(), 4U);
  for (const StubRequest& request : requests) {
    EXPECT_LT(request.body.size(), 1'100U);
    EXPECT_EQ(request.Header("content-type"), "application/x-ndjson");
  }
  EXPECT_THAT(requests, Contains(Field(&StubRequest::body,
                                       HasSubstr("{\"create\":{\"_index\":\"spans\",\"_id\":"
                                                 "\"0\"}}\n{\"app\":\"a\"}\n"))));
}

TEST_F(BulkWriterTest, GivesElasticsearch6ItsType) {
  BulkStub server;
  BulkWriter writer({.requests = 1, .typed = true}, ClientOf(server.stub()));
  ASSERT_TRUE(AddAll(&writer, 1).ok());
  EXPECT_THAT(server.stub().last_request().body, HasSubstr(R"("_type":"_doc")"));
}

TEST_F(BulkWriterTest, SendsOnlyThoseAgainThatABusyServerTurnsAway) {
  std::atomic<int> turned_away{0};
  BulkStub server([&](const std::string& id, size_t /*documents*/) {
    return id == "7" && turned_away++ < 2 ? 429 : 0;
  });
  BulkWriter writer({.requests = 1}, ClientOf(server.stub()));
  ASSERT_TRUE(AddAll(&writer, 20).ok());
  EXPECT_EQ(writer.totals().created, 20U);
  EXPECT_EQ(writer.totals().repeated, 2U);
  EXPECT_EQ(writer.totals().present, 0U) << "the others were sent again";
  ASSERT_EQ(server.stub().requests().size(), 3U);
  EXPECT_THAT(server.stub().last_request().body, Not(HasSubstr(R"("_id":"8")")));
}

TEST_F(BulkWriterTest, SendsAWholeRequestAgainThatTheServerTurnsAway) {
  BulkStub server;
  server.stub().Once("POST", "/_bulk", StubReply::Error(429));
  server.stub().Once("POST", "/_bulk", StubReply::HangUp());
  BulkWriter writer({.requests = 1}, ClientOf(server.stub()));
  ASSERT_TRUE(AddAll(&writer, 20).ok());
  EXPECT_EQ(writer.totals().created, 20U);
}

TEST_F(BulkWriterTest, EndsWithAnErrorWhenTheServerStaysBusy) {
  BulkStub server([](const std::string& id, size_t) { return id == "3" ? 429 : 0; });
  BulkWriter writer({.requests = 1, .patience = std::chrono::milliseconds(300)},
                    ClientOf(server.stub()));
  const Status status = AddAll(&writer, 5);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("too busy for 1 documents"));
  EXPECT_EQ(writer.totals().created, 4U);
}

TEST_F(BulkWriterTest, CountsWhatIsThereAndWhatIsRefusedAndSaysWhy) {
  BulkStub server([](const std::string& id, size_t) { return id == "1" || id == "2" ? 403 : 0; });
  {
    BulkWriter writer({.requests = 1}, ClientOf(server.stub()));
    ASSERT_TRUE(AddAll(&writer, 10).ok());
    EXPECT_EQ(writer.totals().created, 8U);
    EXPECT_EQ(writer.totals().refused, 2U);
    EXPECT_THAT(writer.totals().reasons,
                ::testing::ElementsAre("status 403: some_exception: because"));
  }
  BulkWriter again({.requests = 1}, ClientOf(server.stub()));
  ASSERT_TRUE(AddAll(&again, 10).ok());
  EXPECT_EQ(again.totals().created, 0U);
  EXPECT_EQ(again.totals().present, 8U);
}

TEST_F(BulkWriterTest, LosesNoGoodDocumentBesideOneThatAPipelineCannotParse) {
  // OpenSearch refuses all that were sent together with the bad one. Here: 5, in any request.
  BulkStub server;
  server.stub().On("POST", "/_bulk", [&](const StubRequest& request) {
    const bool bad = request.body.find(R"("_id":"5")") != std::string::npos;
    std::string items;
    for (auto i = std::count(request.body.begin(), request.body.end(), '\n') / 2; i > 0; --i) {
      items += items.empty() ? "" : ",";
      items += bad ? R"({"create":{"status":400,"error":{"type":"parse_exception","reason":"no"}}})"
                   : R"({"create":{"status":201}})";
    }
    return StubReply::Json("{\"items\":[" + items + "]}");
  });
  BulkWriter writer({.requests = 1}, ClientOf(server.stub()));
  ASSERT_TRUE(AddAll(&writer, 16).ok());
  EXPECT_EQ(writer.totals().created, 15U);
  EXPECT_EQ(writer.totals().refused, 1U);
}

TEST_F(BulkWriterTest, TakesNoAnswerForWholeThatIsAboutFewerDocuments) {
  BulkStub server;
  server.stub().Once("POST", "/_bulk", StubReply::Json(R"({"items":[{"create":{"status":201}}]})"));
  server.stub().Once("POST", "/_bulk", StubReply::Json(R"({"took":1})"));
  BulkWriter writer({.requests = 1}, ClientOf(server.stub()));
  ASSERT_TRUE(AddAll(&writer, 2).ok());
  EXPECT_EQ(server.created().size(), 2U);
  EXPECT_EQ(server.stub().requests().size(), 3U);
}

TEST_F(BulkWriterTest, StopsAtAnErrorOfARequest) {
  HttpStub stub;
  stub.On("POST", "/_bulk", StubReply::Error(401, R"({"error":{"type":"security_exception"}})"));
  BulkWriter writer({.batch_bytes = 200, .requests = 2}, ClientOf(stub));
  const Status status = AddAll(&writer, 1'000);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_LT(stub.requests().size(), 5U);
}

}  // namespace
}  // namespace tymbal::search
