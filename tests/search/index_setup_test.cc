#include "search/index_setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "search/curl_http_client.h"
#include "search/curl_http_fixture.h"
#include "search/slot_pipeline.h"
#include "support/http_stub.h"

namespace tymbal::search {
namespace {

using ::testing::HasSubstr;
using testing::HttpStub;
using ::testing::Not;
using testing::StubReply;

constexpr ServerVersion kOpenSearch2{Engine::kOpenSearch, 2, 19};
constexpr ServerVersion kElasticsearch6{Engine::kElasticsearch, 6, 8};
constexpr ServerVersion kElasticsearch77{Engine::kElasticsearch, 7, 7};
constexpr ServerVersion kElasticsearch78{Engine::kElasticsearch, 7, 8};

std::vector<SetupItem> ItemsOf(const IndexSetupOptions& options, const ServerVersion& version) {
  const auto items = SetupItemsOf(options, version);
  EXPECT_TRUE(items.has_value()) << (items ? "" : items.error().message());
  return items ? *items : std::vector<SetupItem>();
}

std::string ErrorOf(const IndexSetupOptions& options) {
  const auto items = SetupItemsOf(options, kOpenSearch2);
  return items ? "no error" : items.error().message();
}

TEST(IndexSetup, MakesThePipelineBeforeTheTemplateThatNamesIt) {
  const std::vector<SetupItem> items = ItemsOf({}, kOpenSearch2);
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].path, "/_ingest/pipeline/tymbal-slot");
  EXPECT_EQ(items[0].body, SlotPipelineJson());
  EXPECT_EQ(items[1].path, "/_index_template/tymbal-span");
  EXPECT_THAT(items[1].body, HasSubstr(R"("default_pipeline":"tymbal-slot")"));
  EXPECT_THAT(items[1].body, HasSubstr(R"("slot":{"type":"integer"})"));
}

TEST(IndexSetup, MapsNoSlotWhereNothingWritesOne) {
  // A field of slots that no document has would make every node read everything.
  const std::vector<SetupItem> items = ItemsOf({.pipeline = false}, kOpenSearch2);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_THAT(items[0].body, Not(HasSubstr("slot")));
}

TEST(IndexSetup, MakesTheTemplateThatTheVersionHas) {
  EXPECT_EQ(ItemsOf({}, kElasticsearch78)[1].path, "/_index_template/tymbal-span");
  EXPECT_EQ(ItemsOf({}, kElasticsearch77)[1].path, "/_template/tymbal-span");
  EXPECT_THAT(ItemsOf({}, kElasticsearch77)[1].body, Not(HasSubstr("_doc")));
  EXPECT_THAT(ItemsOf({}, kElasticsearch6)[1].body, HasSubstr(R"("mappings":{"_doc":{)"));
}

TEST(IndexSetup, NamesTheTemplateByItsPattern) {
  const SetupItem item = ItemsOf({.index = "team-a-*", .shards = 3}, kOpenSearch2)[1];
  EXPECT_EQ(item.name, "team-a");
  EXPECT_THAT(item.body, HasSubstr(R"("index_patterns":["team-a-*"])"));
  EXPECT_THAT(item.body, HasSubstr(R"("number_of_shards":"3")"));
}

TEST(IndexSetup, RefusesWhatNoServerTakes) {
  for (const char* index : {"spans", "*", "a*b*", "Spans-*", "-a-*", "a,b-*", "a/../b*"}) {
    EXPECT_THAT(ErrorOf({.index = index}), HasSubstr("--index")) << index;
  }
  EXPECT_THAT(ErrorOf({.shards = 0}), HasSubstr("--shards"));
  EXPECT_THAT(ErrorOf({.replicas = -1}), HasSubstr("--replicas"));
  EXPECT_THAT(ErrorOf({.refresh = "soon"}), HasSubstr("--refresh"));
  EXPECT_EQ(ErrorOf({.refresh = "-1"}), "no error");
}

class IndexSetupOnStub : public ::testing::Test {
 protected:
  IndexSetupOnStub()
      : client_(MakeCurlHttpFactory({.target = TargetOf({&stub_})})(), &gate_, &never_,
                {.patience = std::chrono::milliseconds(0)}) {}

  SetupState StateOf(const SetupItem& item, StubReply reply) {
    stub_.On("GET", item.path, std::move(reply));
    const auto found = FindItems(&client_, {item});
    EXPECT_TRUE(found.has_value()) << (found ? "" : found.error().message());
    return found ? found->front().state : SetupState::kForeign;
  }
  /// What GET of a composable template shows.
  static StubReply Shown(const std::string& body) {
    return StubReply::Json(R"({"index_templates":[{"name":"tymbal-span","index_template":)" + body +
                           "}]}");
  }
  static std::string Replaced(std::string text, const std::string& from, const std::string& to) {
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }

  HttpStub stub_;
  RequestGate gate_{{}};
  const std::atomic<bool> never_{false};
  SearchClient client_;
  const SetupItem pipeline_ = ItemsOf({}, kOpenSearch2)[0];
  const SetupItem template_ = ItemsOf({}, kOpenSearch2)[1];
};

TEST_F(IndexSetupOnStub, SeesWhatIsAbsentTheSameOtherwiseOrNotOurs) {
  EXPECT_EQ(StateOf(template_, StubReply::Error(404)), SetupState::kAbsent);
  EXPECT_EQ(StateOf(template_, Shown(template_.body)), SetupState::kSame);
  // Servers show more than was sent, and numbers for texts.
  EXPECT_EQ(StateOf(template_, Shown(Replaced(template_.body, R"("version":1)",
                                              R"("version":"1","composed_of":[])"))),
            SetupState::kSame);
  EXPECT_EQ(StateOf(template_, Shown(Replaced(template_.body, R"("refresh_interval":"5s")",
                                              R"("refresh_interval":"1s")"))),
            SetupState::kDiffers);
  EXPECT_EQ(StateOf(template_, Shown(Replaced(template_.body, R"("refresh_interval":"5s")",
                                              R"("refresh_interval":"5s","codec":"x")"))),
            SetupState::kDiffers);
  EXPECT_EQ(StateOf(template_, Shown(Replaced(template_.body, R"("made_by":"tymbal")",
                                              R"("made_by":"others")"))),
            SetupState::kForeign);
  EXPECT_EQ(StateOf(template_, Shown(R"({"index_patterns":["tymbal-span-*"]})")),
            SetupState::kForeign);
}

TEST_F(IndexSetupOnStub, KnowsItsPipelineByItsDescription) {
  EXPECT_EQ(StateOf(pipeline_, StubReply::Json("{\"tymbal-slot\":" + pipeline_.body + "}")),
            SetupState::kSame);
  EXPECT_EQ(StateOf(pipeline_,
                    StubReply::Json(R"({"tymbal-slot":{"description":"mine","processors":[]}})")),
            SetupState::kForeign);
  EXPECT_EQ(
      StateOf(pipeline_,
              StubReply::Json("{\"tymbal-slot\":" + Replaced(pipeline_.body, "1024", "512") + "}")),
      SetupState::kDiffers);
}

TEST_F(IndexSetupOnStub, RefusesToTouchWhatIsNotOurs) {
  const Status status =
      CheckOurs({{pipeline_, SetupState::kAbsent}, {template_, SetupState::kForeign}});
  EXPECT_EQ(status.code(), StatusCode::kConflict);
  EXPECT_THAT(status.message(), HasSubstr("index template tymbal-span"));
  EXPECT_TRUE(CheckOurs({{pipeline_, SetupState::kDiffers}}).ok());
}

TEST_F(IndexSetupOnStub, SaysWhenNoNodeCanComputeSlots) {
  stub_.On("GET", "/_nodes/ingest", StubReply::Json(R"({"nodes":{"a":{"ingest":{}}}})"));
  const Status status = CheckCanComputeSlots(&client_);
  EXPECT_EQ(status.code(), StatusCode::kBadInput);
  EXPECT_THAT(status.message(), HasSubstr("--no-pipeline"));
  stub_.On("GET", "/_nodes/ingest",
           StubReply::Json(R"({"nodes":{"a":{"ingest":{"processors":[{"type":"script"}]}}}})"));
  EXPECT_TRUE(CheckCanComputeSlots(&client_).ok());
}

TEST_F(IndexSetupOnStub, FindsTheIndicesThatNeedThePipeline) {
  stub_.On("GET", "/_all/_settings/index.default_pipeline,index.final_pipeline",
           StubReply::Json(R"({"a":{"settings":{"index.default_pipeline":"tymbal-slot"}},)"
                           R"("b":{"settings":{"index.default_pipeline":"other"}}})"));
  const auto users = IndicesWithPipeline(&client_, pipeline_);
  ASSERT_TRUE(users.has_value()) << users.error().message();
  EXPECT_EQ(*users, std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace tymbal::search
