// What indices of real search servers are like: each case on every server of scripts/stack.
#include "contract/span_source_index.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tymbal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using worker::Profile;

std::vector<TestSpan> Burst(size_t count, int64_t start_ms) {
  std::vector<TestSpan> spans = MakeSpans(count);
  for (size_t i = 0; i < count; ++i) {
    spans[i].start_ms = start_ms;
    spans[i].span_id = fmt::format("burst-{:06}", i);
  }
  return spans;
}

TEST_P(SpanSourceIndex, ReadsAMillisecondWithMoreSpansThanAPageI1) {
  std::vector<TestSpan> spans = MakeSpans(300);
  for (const int64_t start_ms :
       {kSuitePeriod.start_ms, kSuiteStartMs + 1'234, kSuitePeriod.end_ms - 1}) {
    for (TestSpan& span : Burst(500, start_ms)) {
      span.span_id += fmt::format("-{}", start_ms);
      spans.push_back(std::move(span));
    }
  }
  const std::string index =
      indices().Create("burst", SpanMappings(), R"({"number_of_shards":2,"max_result_window":50})");
  indices().Load(index, Documents(spans));
  const ReadNumbers wanted = NumbersOf(spans);
  ExpectNumbers(wanted, index, {.page_spans = 10'000});
  ExpectNumbers(wanted, index, {.slot_read = "group", .read = "values", .page_spans = 20});
}

TEST_P(SpanSourceIndex, AClosedIndexMattersOnlyWhereItMayHoldThePeriodI6) {
  const std::vector<TestSpan> spans = MakeSpans(200);
  const std::string old = indices().Create("2026.11.02", SpanMappings());
  const std::string today = indices().Create("2026.11.22", SpanMappings());
  indices().Load(today, Documents(spans));
  const std::string alias = indices().Alias("daily", {old, today});
  indices().Do("POST", "/" + old + "/_close");
  const std::string pattern = indices().prefix() + "2026*";
  for (const std::string& name : {alias, pattern, old + "," + today}) {
    SCOPED_TRACE(name);
    ExpectNumbers(NumbersOf(spans), name);
  }
  indices().Do("POST", "/" + today + "/_close");
  indices().Do("POST", "/" + old + "/_open?wait_for_active_shards=1");
  for (const std::string& name : {alias, pattern}) {
    ExpectError(StatusCode::kConflict, AllOf(HasSubstr(today + " is closed"), HasSubstr("open it")),
                ReadAll(name));
  }
}

TEST_P(SpanSourceIndex, AMissingDayIsAnErrorAndAQuietOneIsNotI6) {
  const std::string pattern = indices().prefix() + "*";
  ExpectError(StatusCode::kNotFound, HasSubstr("no index matches"), ReadAll(pattern));
  ExpectError(StatusCode::kNotFound, HasSubstr("no index matches"),
              ReadAll(indices().prefix() + "no"));
  const std::string other = indices().Create("2026.11.20", SpanMappings());
  indices().Load(other, {TestSpan{.start_ms = kSuiteStartMs - 2 * 86'400'000}.Document()});
  ExpectError(StatusCode::kNotFound, HasSubstr("is of the day of 2026-11-22"), ReadAll(pattern));
  // A name that isn't there stands beside one that is.
  ExpectError(StatusCode::kNotFound, HasSubstr(indices().prefix() + "2026.11.22"),
              ReadAll(other + "," + indices().prefix() + "2026.11.22"));
  indices().Create("2026.11.22", SpanMappings());
  ExpectNumbers(ReadNumbers(), pattern);
}

TEST_P(SpanSourceIndex, APeriodMayLieInTwoIndices) {
  const Period midnight{kSuiteStartMs + 14 * 3'600'000 - 150'000,
                        kSuiteStartMs + 14 * 3'600'000 + 150'000};
  std::vector<TestSpan> spans = MakeSpans(400);
  std::vector<std::string> before;
  std::vector<std::string> after;
  for (TestSpan& span : spans) {
    span.start_ms += midnight.start_ms - kSuiteStartMs;
    const bool is_before = span.start_ms < midnight.start_ms + 150'000;
    (is_before ? before : after).push_back(span.Document());
  }
  const std::string first = indices().Create("2026.11.22", SpanMappings());
  const std::string second =
      indices().Create("2026.11.23", SpanMappings(), R"({"number_of_shards":3})");
  indices().Load(first, before);
  indices().Load(second, after);
  const ReadNumbers wanted = NumbersOf(spans, midnight);
  const Profile native = *worker::LoadProfile("tymbal");
  ExpectNumbers(wanted, indices().prefix() + "*", {.page_spans = 60}, native, midnight);
  ExpectNumbers(wanted, indices().Alias("both", {first, second}), {.slot_read = "group"}, native,
                midnight);
}

TEST_P(SpanSourceIndex, APreferenceReachesTheServer) {
  const std::string index = indices().Create("preferred", SpanMappings());
  const std::vector<TestSpan> spans = MakeSpans(100);
  indices().Load(index, Documents(spans));
  const Profile native = *worker::LoadProfile("tymbal");
  ExpectNumbers(NumbersOf(spans, kSuitePeriod), index, {.preference = "_local"}, native);
  ASSERT_FALSE(ReadAll(index, {.preference = "_only_nodes:nowhere"}, native));
}

/// With a point in time the reading is of the moment when it began. Without one it holds at least
/// what was there then, nothing twice, and what it says is what came.
TEST_P(SpanSourceIndex, SpansThatComeWhileReadingLoseAndDoubleNothingI1) {
  const std::string index =
      indices().Create("growing", SpanMappings(), R"({"number_of_shards":2})");
  const std::vector<TestSpan> spans = MakeSpans(2'000);
  indices().Load(index, Documents(spans));
  const auto source = Open(index, {.page_spans = 60});
  const worker::SpanQuery query{.range = kSuitePeriod};
  const auto readers = source->Open(query, 1);
  ASSERT_TRUE(readers) << readers.error().message();
  std::multiset<std::string> ids;
  uint64_t records = 0;
  const auto next = [&]() -> Result<bool> {
    worker::SpanBatch batch;
    TYMBAL_ASSIGN_OR_RETURN(const bool more, (*readers)[0]->Next(&batch));
    for (const Span& span : batch.spans) ids.emplace(span.span_id);
    records += batch.spans.size();
    return more;
  };
  ASSERT_TRUE(next());
  std::vector<TestSpan> added = MakeSpans(500);
  for (TestSpan& span : added) span.span_id += "-late";
  indices().Load(index, Documents(added), "late");
  while (true) {
    const auto more = next();
    ASSERT_TRUE(more) << more.error().message();
    if (!*more) break;
  }
  size_t late = 0;
  for (const TestSpan& span : added) late += ids.erase(span.span_id);
  std::multiset<std::string> wanted;
  for (const TestSpan& span : spans) wanted.insert(span.span_id);
  EXPECT_EQ(ids, wanted);
  if (has_point_in_time()) {
    EXPECT_EQ(late, 0U);
  } else {
    EXPECT_GT(late, 0U);
  }
  EXPECT_EQ(records, wanted.size() + late);
  const auto expected = source->Expected(query);
  ASSERT_TRUE(expected) << expected.error().message();
  EXPECT_EQ(*expected, records);
}

/// Its indices are hidden, and have other names than the stream. Elasticsearch's core has none.
TEST_P(SpanSourceIndex, ReadsADataStream) {
  if (indices().version().engine != search::Engine::kOpenSearch) {
    GTEST_SKIP() << "this build of the server has no data streams";
  }
  const std::string stream = indices().prefix() + "stream";
  indices().Do(
      "PUT", "/_index_template/" + stream,
      fmt::format(R"({{"index_patterns":["{}"],"data_stream":{{"timestamp_field":)"
                  R"({{"name":"start_time"}}}},"template":{{"settings":{{)"
                  R"("number_of_replicas":0}},"mappings":{{"properties":{{)"
                  R"("app":{{"type":"keyword"}},"service":{{"type":"keyword"}},)"
                  R"("method":{{"type":"keyword"}},"duration_us":{{"type":"long"}}}}}}}}}})",
                  stream));
  const std::vector<TestSpan> spans = MakeSpans(200);
  std::string lines;
  for (const TestSpan& span : spans) lines += "{\"create\":{}}\n" + span.Document() + "\n";
  EXPECT_THAT(indices().Do("POST", "/" + stream + "/_bulk?refresh=true", lines),
              HasSubstr(R"("errors":false)"));
  ExpectNumbers(NumbersOf(spans), stream);
  ExpectNumbers(NumbersOf(spans), indices().prefix() + "str*");
  indices().Do("DELETE", "/_data_stream/" + stream);
  indices().Do("DELETE", "/_index_template/" + stream);
}

INSTANTIATE_TEST_SUITE_P(Server, SpanSourceIndex, ::testing::ValuesIn(SearchTestServers()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace tymbal::testing
