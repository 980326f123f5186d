#include "worker/slot_counts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "search/server_version.h"
#include "worker/profile.h"
#include "worker/slot_function.h"

namespace tymbal::worker {
namespace {

constexpr Period kPeriod{1'795'341'600'000, 1'795'341'660'000};

/// What a server says of one index with some fields, and of the search that counts; keeps the
/// searches.
struct ToldServer {
  std::string status = "open";
  std::vector<std::pair<std::string, std::string>> fields;  ///< Names and types.
  std::string aggregations;
  uint64_t total = 0;
  std::vector<std::string> searches;

  std::string Answer(const search::HttpRequest& request) {
    if (request.target.starts_with("/_resolve/index/")) {
      return R"({"indices":[{"name":"spans","attributes":[")" + status +
             R"("]}],"aliases":[],"data_streams":[]})";
    }
    if (request.target.find("/_settings/") != std::string::npos) {
      return R"({"spans":{"settings":{"index.number_of_shards":"1"}}})";
    }
    if (request.target.find("/_mapping/field/") != std::string::npos) {
      std::string mappings;
      for (const auto& [name, type] : fields) {
        if (!mappings.empty()) mappings += ",";
        mappings += "\"" + name + R"(":{"full_name":")" + name + R"(","mapping":{")" + name +
                    R"(":{"type":")" + type + "\"}}}";
      }
      return R"({"spans":{"mappings":{)" + mappings + "}}}";
    }
    searches.emplace_back(request.body);
    return R"({"took":1,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},)"
           R"("hits":{"total":{"value":)" +
           std::to_string(total) + R"(,"relation":"eq"},"hits":[]},"aggregations":{)" +
           aggregations + "}}";
  }
};

class ToldClient : public search::HttpClient {
 public:
  explicit ToldClient(ToldServer* server) : server_(server) {}

  Result<search::HttpAnswer> Send(const search::HttpRequest& request,
                                  search::HttpBody* body) override {
    const std::string text = server_->Answer(request);
    body->buffer.assign(text.size() + search::kBodyPadding, ' ');
    std::copy(text.begin(), text.end(), body->buffer.begin());
    body->size = text.size();
    search::HttpAnswer answer;
    answer.status = 200;
    answer.content_type = "application/json";
    answer.host = "told:9200";
    return answer;
  }

 private:
  ToldServer* const server_;
};

class SlotCountsTest : public ::testing::Test {
 protected:
  Result<std::vector<uint64_t>> Count(const std::string& profile, uint32_t slots) {
    SearchSourceOptions options;
    options.profile = *LoadProfile(profile);
    options.profile.slot_read = slot_read_;
    options.index = "spans";
    options.http = [this] { return std::make_unique<ToldClient>(&server_); };
    options.gate = &gate_;
    options.version = *search::ParseServerVersion("elasticsearch 7.9");
    const std::atomic<bool> never{false};
    return CountSlots(options, kPeriod, slots, &never);
  }

  SlotRead slot_read_ = SlotRead::kAuto;
  search::RequestGate gate_{search::RequestGateOptions{}};
  ToldServer server_{.fields = {{"start_time", "date"},
                                {"app", "keyword"},
                                {"service", "keyword"},
                                {"method", "keyword"}},
                     .aggregations = {},
                     .searches = {}};
};

TEST_F(SlotCountsTest, CountsBySlotWhereTheDocumentsCarryIt) {
  server_.fields.emplace_back("slot", "short");
  server_.aggregations =
      R"("slots":{"buckets":[{"key":0.0,"doc_count":5},{"key":7.0,"doc_count":9}]})";
  const auto counts = Count("tymbal", 8);
  ASSERT_TRUE(counts) << counts.error().message();
  EXPECT_EQ(*counts, (std::vector<uint64_t>{5, 0, 0, 0, 0, 0, 0, 9}));
  ASSERT_EQ(server_.searches.size(), 1U);
  EXPECT_NE(server_.searches[0].find(R"("interval":1,)"), std::string::npos);
}

/// The original cicada has 65,536, and one span in four thousand millions has a negative one.
TEST_F(SlotCountsTest, PutsFinerSlotsTogether) {
  server_.fields = {{"startTime", "long"}, {"sliceNo", "integer"}};
  server_.aggregations =
      R"("slots":{"buckets":[{"key":-64.0,"doc_count":1},{"key":0.0,"doc_count":2},)"
      R"({"key":64.0,"doc_count":3},{"key":65472.0,"doc_count":4}]})";
  const auto counts = Count("cicada", 1024);
  ASSERT_TRUE(counts) << counts.error().message();
  EXPECT_EQ((*counts)[0], 3U);
  EXPECT_EQ((*counts)[1], 3U);
  EXPECT_EQ((*counts)[1023], 4U);
  EXPECT_NE(server_.searches.at(0).find(R"("interval":64,)"), std::string::npos);
}

TEST_F(SlotCountsTest, CountsByNameWhereTheyCarryNone) {
  server_.total = 16;
  server_.aggregations = R"("endpoints":{"buckets":[)"
                         R"({"key":{"app":"a","service":null,"method":"m"},"doc_count":5},)"
                         R"({"key":{"app":"b","service":"s","method":"m"},"doc_count":10},)"
                         R"({"key":{"app":null,"service":"s","method":"m"},"doc_count":1}]})";
  const auto counts = Count("tymbal", 1024);
  ASSERT_TRUE(counts) << counts.error().message();
  std::vector<uint64_t> wanted(1024);
  wanted[SlotBy(SlotFunction::kTymbal, "a", "", "m", 1024)] += 5;
  wanted[SlotBy(SlotFunction::kTymbal, "b", "s", "m", 1024)] += 10;
  EXPECT_EQ(*counts, wanted);

  server_.total = 15;  // Some have several values, so each listing of them counts them twice.
  EXPECT_EQ(Count("tymbal", 1024).error().code(), StatusCode::kNotFound);
}

TEST_F(SlotCountsTest, KnowsNothingWhereEveryNodeReadsEverything) {
  slot_read_ = SlotRead::kScan;
  EXPECT_EQ(Count("tymbal", 1024).error().code(), StatusCode::kNotFound);
  EXPECT_TRUE(server_.searches.empty());
}

TEST_F(SlotCountsTest, SaysThatTheIndexIsClosed) {
  server_.status = "closed";
  const auto counts = Count("tymbal", 1024);
  ASSERT_FALSE(counts);
  EXPECT_NE(counts.error().message().find("closed"), std::string::npos);
}

}  // namespace
}  // namespace tymbal::worker
