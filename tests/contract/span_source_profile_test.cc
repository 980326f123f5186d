// The documents of tests/profiles in indices of real search servers, and what a real Zipkin writes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "cli/search_opener.h"
#include "common/file_text.h"
#include "contract/span_source_contract.h"
#include "support/profile_documents.h"
#include "support/search_test_server.h"
#include "support/test_environment.h"
#include "worker/profile.h"
#include "worker/search_source.h"

namespace tymbal::testing {
namespace {

std::vector<std::string> ReadLines(const std::string& path) {
  std::istringstream text(*ReadTextFile(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

/// Opens sources of one index with one profile.
class Opener {
 public:
  Opener(const std::string& url, const std::string& index, const worker::Profile& profile)
      : slot_function_(profile.slot_function) {
    auto opener = cli::SearchOpener::Create(SearchTestConfig(url, index), profile,
                                            [](const std::string&) { return std::nullopt; });
    EXPECT_TRUE(opener) << opener.error().message();
    opener_ = std::move(*opener);
  }

  /// Reads the slots from one border to the next, each by itself.
  Result<ReadNumbers> ReadParts(const std::vector<uint32_t>& borders, const Period& period) {
    ReadNumbers sum;
    for (size_t i = 0; i + 1 < borders.size(); ++i) {
      TYMBAL_ASSIGN_OR_RETURN(
          ReadNumbers part,
          Read(opener_->OpenSource().get(), {.slots = SlotRange{borders[i], borders[i + 1]},
                                             .period = period,
                                             .slot_function = slot_function_}));
      sum.Merge(std::move(part));
    }
    return sum;
  }

 private:
  const worker::SlotFunction slot_function_;
  std::unique_ptr<cli::SearchOpener> opener_;
};

class SpanSourceProfile
    : public ::testing::TestWithParam<std::tuple<SearchTestServer, std::string>> {};

TEST_P(SpanSourceProfile, GivesTheExpectedNumbers) {
  const auto& [server, name] = GetParam();
  const auto url = FindServer(server);
  if (!url) GTEST_SKIP() << WhyNoServer(server.variable);
  SearchTestIndices indices(*url);
  ExpectedProfile expected = LoadExpectedProfile(name);
  const worker::Profile profile = *worker::LoadProfile(name);
  std::string index;
  try {
    index = indices.CreateFromBody(name, *ReadTextFile(ProfileFile(name, "mapping.json")));
  } catch (const std::runtime_error& error) {
    // The builds for tests have the core only; OpenSearch has all that the mappings need.
    if (indices.version().engine != search::Engine::kElasticsearch) throw;
    GTEST_SKIP() << "this build of the server can't take the mapping: " << error.what();
  }
  // A file's wrong slot rejects the record, an index's fails the reading: see SpanSourceMapping.
  std::vector<std::string> documents = ReadLines(ProfileFile(name, "documents.ndjson"));
  const uint64_t wrong = std::erase_if(documents, [&profile](const std::string& document) {
    const auto alone = ReadAsFile({document}, profile);
    return alone && alone->coverage.rejected[RejectReason::kWrongSlot] > 0;
  });
  EXPECT_EQ(wrong, expected.rejected["wrong_slot"]);
  expected.rejected.erase("wrong_slot");
  indices.Load(index, documents);
  Opener opener(*url, index, profile);
  for (const std::vector<uint32_t>& borders :
       {std::vector<uint32_t>{0, 1024}, std::vector<uint32_t>{0, 300, 600, 1024}}) {
    SCOPED_TRACE(fmt::format("in {} parts", borders.size() - 1));
    RejectCounts rejected;
    for (const auto& [start_ms, methods] : expected.periods) {
      const auto numbers = opener.ReadParts(borders, {start_ms, start_ms + 300'000});
      ASSERT_TRUE(numbers) << numbers.error().message();
      EXPECT_EQ(MethodNumbersOf(numbers->rows), methods);
      rejected.Merge(numbers->coverage.rejected);
    }
    EXPECT_EQ(CountsOf(rejected), expected.rejected);
  }
}

INSTANTIATE_TEST_SUITE_P(Server, SpanSourceProfile,
                         ::testing::Combine(::testing::ValuesIn(SearchTestServers()),
                                            ::testing::ValuesIn(ShippedProfileNames())),
                         [](const auto& test) {
                           std::string name = std::get<1>(test.param);
                           std::erase(name, '-');
                           return std::get<0>(test.param).name + "_" + name;
                         });

/// What the server has taken is in its storage soon, but not at once.
TEST(SpanSourceZipkin, SpansOfARealZipkinGiveTheirNumbers) {
  const auto url = ReadVariable("TYMBAL_TEST_ZIPKIN_URL");
  if (!url) GTEST_SKIP() << WhyNoServer("TYMBAL_TEST_ZIPKIN_URL");
  const std::string storage = *ReadVariable("TYMBAL_TEST_ZIPKIN_STORAGE_URL");
  // A period of its own for each run of this test: Zipkin has one set of indices.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const int64_t start_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const Period period{start_ms, start_ms + 1'000};
  constexpr int kCalls = 40;
  std::string spans;
  std::vector<TestSpan> wanted;
  for (int i = 0; i < kCalls; ++i) {
    const bool server = i % 4 != 0;
    TestSpan span{.app = i % 3 == 0 ? "orders" : "frontend",
                  .service = "",
                  .method = fmt::format("get /{}", i % 5),
                  .start_ms = start_ms + i * 25,
                  .duration_us = static_cast<uint64_t>(100 + i),
                  .error = i % 7 == 0};
    spans += fmt::format(
        R"({}{{"traceId":"{:016x}","id":"{:016x}","kind":"{}","name":"{}","timestamp":{},)"
        R"("duration":{},"localEndpoint":{{"serviceName":"{}"}}{}}})",
        i == 0 ? "" : ",", start_ms * 100 + i, start_ms * 100 + i, server ? "SERVER" : "CLIENT",
        span.method, span.start_ms * 1'000 + 999, span.duration_us, span.app,
        span.error ? R"(,"tags":{"error":"500"})" : "");
    if (server) wanted.push_back(std::move(span));
  }
  SendToServer(*url, "POST", "/api/v2/spans", "[" + spans + "]");
  Opener opener(storage, "zipkin*span-*", *worker::LoadProfile("zipkin"));
  Result<ReadNumbers> numbers = ReadNumbers();
  std::mutex mutex;
  std::condition_variable never;  // Zipkin doesn't say when its storage has got them.
  std::unique_lock lock(mutex);
  for (int tries = 0; tries < 100; ++tries) {
    numbers = opener.ReadParts({0, 1024}, period);
    if (numbers && numbers->coverage.read >= wanted.size()) break;
    never.wait_for(lock, std::chrono::milliseconds(200));
  }
  ASSERT_TRUE(numbers) << numbers.error().message();
  EXPECT_EQ(MethodNumbersOf(numbers->rows), MethodNumbersOf(NumbersOf(wanted, period).rows));
  numbers = opener.ReadParts({0, 200, 900, 1024}, period);
  ASSERT_TRUE(numbers) << numbers.error().message();
  EXPECT_EQ(MethodNumbersOf(numbers->rows), MethodNumbersOf(NumbersOf(wanted, period).rows));
}

}  // namespace
}  // namespace tymbal::testing
