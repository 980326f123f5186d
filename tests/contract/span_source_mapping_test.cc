// What the fields of real indices are like: each case on every server of scripts/stack.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/slot.h"
#include "common/text.h"
#include "common/time_text.h"
#include "contract/span_source_index.h"

namespace tymbal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using worker::Profile;

class SpanSourceMapping : public SpanSourceIndex {};

constexpr const char* kText = R"({"type":"text"})";
/// What a dynamic mapping makes of a text.
constexpr const char* kTextAndKeyword =
    R"({"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}})";

Profile ProfileOf(const std::string& start, const std::string& time_unit,
                  const std::string& more = "") {
  auto profile = worker::ParseProfile(fmt::format("name: test\n"
                                                  "time_field: {{path: start_time, unit: {}}}\n"
                                                  "fields:\n"
                                                  "  app: app\n"
                                                  "  service: service\n"
                                                  "  method: method\n"
                                                  "  start: {{path: start_time, unit: {}}}\n"
                                                  "  duration: {{path: duration_us, unit: us}}\n"
                                                  "  trace_id: trace_id\n"
                                                  "  span_id: span_id\n"
                                                  "  kind: kind\n"
                                                  "errors:\n"
                                                  "  - {{path: error, when: \"true\"}}\n{}",
                                                  time_unit, start, more),
                                      "test.yaml");
  EXPECT_TRUE(profile) << profile.error().message();
  return *profile;
}

TEST_P(SpanSourceMapping, IndicesMayBeMappedInDifferentWays) {
  std::vector<TestSpan> spans = MakeSpans(300);
  for (size_t i = 0; i < spans.size(); i += 5)
    spans[i].method = std::string(300, 'm') + std::to_string(i % 3);
  const auto documents = Documents(spans);
  const auto middle = documents.begin() + 150;
  const std::string keyword = indices().Create("keyword", SpanMappings({{"slot", ""}}));
  const std::string text = indices().Create(
      "text", SpanMappings({{"slot", ""}, {"app", kText}, {"method", kText}, {"service", kText}}));
  indices().Load(keyword, {documents.begin(), middle}, "k");
  indices().Load(text, {middle, documents.end()}, "t");
  const std::string both = keyword + "," + text;
  Profile profile = *worker::LoadProfile("tymbal");
  profile.slot.clear();
  const ReadNumbers wanted = NumbersOf(spans);
  ExpectNumbers(wanted, both, {}, profile);
  ExpectError(StatusCode::kBadInput, HasSubstr("slot_read: group needs"),
              ReadInParts(both, {.slot_read = "group"}, profile));
  ExpectError(StatusCode::kBadInput, HasSubstr("read: values needs all fields in doc values"),
              ReadAll(both, {.read = "values"}, profile));
}

/// A dynamic mapping leaves long names out of the columns: those documents are read whole.
TEST_P(SpanSourceMapping, LongNamesOfADynamicMappingAreNotLost) {
  std::vector<TestSpan> spans = MakeSpans(300);
  for (size_t i = 0; i < spans.size(); i += 5)
    spans[i].method = std::string(257, 'm') + std::to_string(i % 3);
  for (size_t i = 1; i < spans.size(); i += 9) spans[i].service = std::string(400, 's');
  const std::string index = indices().Create("dynamic", SpanMappings({{"slot", ""},
                                                                      {"app", kTextAndKeyword},
                                                                      {"service", kTextAndKeyword},
                                                                      {"method", kTextAndKeyword},
                                                                      {"trace_id", kTextAndKeyword},
                                                                      {"span_id", kTextAndKeyword},
                                                                      {"kind", kTextAndKeyword}}));
  indices().Load(index, Documents(spans));
  Profile profile = *worker::LoadProfile("tymbal");
  profile.slot.clear();
  const ReadNumbers wanted = NumbersOf(spans);
  for (const char* slot_read : {"group", "scan"}) {
    for (const char* read : {"source", "values", "values_then_ids"}) {
      if (read == std::string("values_then_ids") && !has_point_in_time()) continue;
      ExpectNumbers(wanted, index, {.slot_read = slot_read, .read = read}, profile);
    }
  }
}

TEST_P(SpanSourceMapping, NamesThatAreNoneAreRejectedWhicheverWayTheyAreRead) {
  std::vector<std::string> documents = Documents(MakeSpans(100));
  const std::string rest = fmt::format(R"("duration_us":5,"start_time":{}}})", kSuiteStartMs + 7);
  for (const char* names :
       {R"("app":"a","method":["m1","m2"])", R"("app":["a","b"],"method":"m")",
        R"("app":"a","service":["s","t"],"method":"m")", R"("app":null,"method":"m")",
        R"("app":"","method":"m")", R"("app":"a","method":"")", R"("app":"a","method":[])",
        R"("method":"m")", R"("app":"a")"}) {
    documents.push_back(fmt::format("{{{},{}", names, rest));
  }
  documents.push_back(fmt::format(R"({{"app":"a","method":"m","start_time":{}}})", kSuiteStartMs));
  const Profile profile = *worker::LoadProfile("tymbal");
  const auto wanted = ReadAsFile(documents, profile);
  ASSERT_TRUE(wanted) << wanted.error().message();
  const std::string index = indices().Create("names", SpanMappings());
  indices().Load(index, documents);
  for (const char* slot_read : {"field", "group", "scan"}) {
    ExpectNumbers(*wanted, index, {.slot_read = slot_read, .read = "source"}, profile);
    // Columns know whether there is a value, and not what stood there instead.
    const auto numbers = ReadInParts(index, {.slot_read = slot_read, .read = "values"}, profile);
    ASSERT_TRUE(numbers) << numbers.error().message();
    EXPECT_EQ(numbers->coverage.read, wanted->coverage.read) << slot_read;
    EXPECT_EQ(numbers->coverage.rejected.Total(), wanted->coverage.rejected.Total()) << slot_read;
    EXPECT_TRUE(numbers->rows == wanted->rows) << slot_read;
  }
}

/// Where each document has one value in each column, they are read as sort values; else they
/// aren't, even where as many values are too many as are missing.
TEST_P(SpanSourceMapping, SortValuesSayWhatDocumentsSay) {
  if (!has_point_in_time()) GTEST_SKIP() << "ids are looked up in a point in time";
  std::vector<TestSpan> spans = MakeSpans(700);
  std::vector<std::string> documents;
  for (size_t i = 0; i < spans.size(); ++i) {
    TestSpan& span = spans[i];
    if (i % 7 == 0) span.method = R"(a "quoted" \\ and é)";
    if (i % 11 == 0) span.service = "";
    span.error = i % 3 == 0;
    documents.push_back(fmt::format(
        R"({{"app":{},"service":{},"method":{},"start_time":{},"duration_us":{},"error":{},)"
        R"("trace_id":"t","span_id":{},"slot":{}}})",
        JsonQuote(span.app), JsonQuote(span.service), JsonQuote(span.method), span.start_ms,
        span.duration_us, span.error, JsonQuote(span.span_id),
        SlotOf(span.app, span.service, span.method, kSlotsDefault)));
  }
  const Profile profile = *worker::LoadProfile("tymbal");
  const std::string rest =
      fmt::format(R"("app":"a","method":"m","start_time":{},"error":false,"slot":{}}})",
                  kSuiteStartMs + 7, SlotOf("a", "s", "m", kSlotsDefault));
  const std::string negative = R"({"service":"s","duration_us":-5,)" + rest;
  const std::string lacking = R"({"service":"s",)" + rest;
  const std::string twice = R"({"service":"s","duration_us":[5,6],)" + rest;
  documents.push_back(negative);
  for (const bool single : {true, false}) {
    SCOPED_TRACE(single ? "one value each" : "one lacks a value, one has two");
    if (!single) documents.insert(documents.end(), {lacking, twice});
    const auto wanted = ReadAsFile(documents, profile);
    ASSERT_TRUE(wanted) << wanted.error().message();
    EXPECT_EQ(wanted->coverage.rejected.Total(), single ? 1U : 3U);
    const std::string index = indices().Create(single ? "single" : "mixed", SpanMappings());
    indices().Load(index, documents);
    for (const char* slot_read : {"field", "group", "scan"}) {
      ExpectNumbers(*wanted, index, {.slot_read = slot_read, .read = "source"}, profile);
      for (const size_t page_spans : {size_t{50}, size_t{1'000}}) {
        const auto numbers = ReadInParts(
            index, {.slot_read = slot_read, .read = "values_then_ids", .page_spans = page_spans},
            profile);
        ASSERT_TRUE(numbers) << numbers.error().message();
        EXPECT_EQ(numbers->coverage.read, wanted->coverage.read);
        EXPECT_EQ(numbers->coverage.rejected.Total(), wanted->coverage.rejected.Total());
        EXPECT_TRUE(numbers->rows == wanted->rows);
      }
    }
  }
}

TEST_P(SpanSourceMapping, SpansWithoutASlotAreReadAndAWrongSlotIsAnErrorI1) {
  const std::vector<TestSpan> spans = MakeSpans(300);
  std::vector<std::string> documents;
  for (size_t i = 0; i < spans.size(); ++i) documents.push_back(spans[i].Document(i % 3 != 0));
  const std::string index = indices().Create("slots", SpanMappings());
  indices().Load(index, documents);
  ExpectNumbers(NumbersOf(spans), index, {.slot_read = "field"});
  TestSpan span;
  std::string wrong = span.Document();
  const uint32_t slot = SlotOf(span.app, span.service, span.method, kSlotsDefault);
  // The second one would be nobody's.
  for (const uint32_t carried : {(slot + 512) % kSlotsDefault, kSlotsDefault}) {
    wrong.replace(wrong.rfind(':') + 1, std::string::npos, fmt::format("{}}}", carried));
    const std::string other = indices().Create(fmt::format("wrong-{}", carried), SpanMappings());
    indices().Load(other, {wrong});
    for (const char* read : {"source", "values"}) {
      ExpectError(StatusCode::kBadInput, AllOf(HasSubstr(other), HasSubstr("carries a slot")),
                  ReadInParts(other, {.slot_read = "field", .read = read}));
    }
  }
}

TEST_P(SpanSourceMapping, ANormalizerRulesGroupsOut) {
  if (!indices().version().IsSince7()) {
    GTEST_SKIP() << "this build of the server has no normalizers";
  }
  const std::vector<TestSpan> spans = MakeSpans(200);
  const std::string index = indices().Create(
      "normalized",
      SpanMappings({{"slot", ""}, {"method", R"({"type":"keyword","normalizer":"lower"})"}}),
      R"({"analysis":{"normalizer":{"lower":{"type":"custom","filter":["lowercase"]}}}})");
  indices().Load(index, Documents(spans));
  Profile profile = *worker::LoadProfile("tymbal");
  profile.slot.clear();
  ExpectNumbers(NumbersOf(spans), index, {}, profile);
  ExpectError(StatusCode::kBadInput, HasSubstr("a normalizer changes method"),
              ReadInParts(index, {.slot_read = "group"}, profile));
}

/// One way to write down when a span began.
struct TimeFormat {
  std::string name;
  std::string type;
  std::string start_unit;
  std::string index_unit;
  std::function<std::string(int64_t)> write;
};

std::vector<TimeFormat> TimeFormats() {
  const auto digits = [](const char* behind) {
    return [behind](int64_t ms) { return fmt::format("{}{}", ms, behind); };
  };
  const auto iso = [](int64_t ms) { return fmt::format(R"("{}")", TimeZone::Utc().Format(ms)); };
  return {{"long of ms", "long", "ms", "ms", digits("")},
          {"long of us", "long", "us", "us", digits("999")},
          {"long of ns", "long", "ns", "ns", digits("999999")},
          {"double of s", "double", "s", "s",
           [](int64_t ms) { return fmt::format("{}.{:03}", ms / 1000, ms % 1000); }},
          {"long of s", "long", "s", "s", [](int64_t ms) { return fmt::to_string(ms / 1000); }},
          {"quoted ms in a long", "long", "ms", "ms",
           [](int64_t ms) { return fmt::format(R"("{}")", ms); }},
          {"date of ms", "date", "ms", "date", digits("")},
          {"date of ISO text", "date", "iso", "date", iso},
          {"date of ISO text, read by a profile of ms", "date", "ms", "date", iso},
          {"date_nanos", "date_nanos", "iso", "date", [](int64_t ms) {
             std::string text = TimeZone::Utc().Format(ms);
             return fmt::format(R"("{}999999Z")", text.substr(0, text.size() - 1));
           }}};
}

TEST_P(SpanSourceMapping, FindsPeriodsInEveryTimeFormat) {
  for (const TimeFormat& format : TimeFormats()) {
    if (format.type == "date_nanos" && !indices().version().IsSince7()) continue;
    SCOPED_TRACE(format.name);
    const int64_t step_ms = format.name == "long of s" ? 1'000 : 1;
    std::vector<TestSpan> spans = MakeSpans(150);
    for (TestSpan& span : spans) span.start_ms = span.start_ms / step_ms * step_ms;
    for (const int64_t start_ms : {kSuitePeriod.start_ms - step_ms, kSuitePeriod.start_ms,
                                   kSuitePeriod.end_ms - step_ms, kSuitePeriod.end_ms}) {
      spans.push_back({.start_ms = start_ms, .span_id = fmt::format("border-{}", start_ms)});
    }
    std::vector<std::string> documents;
    for (const TestSpan& span : spans) {
      std::string document = span.Document(/*slot=*/false);
      const std::string plain = fmt::format(R"("start_time":{})", span.start_ms);
      document.replace(document.find(plain), plain.size(),
                       R"("start_time":)" + format.write(span.start_ms));
      documents.push_back(std::move(document));
    }
    std::string name = format.name;
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == ' ' || c == ','; }, '-');
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return std::tolower(c); });
    const std::string index = indices().Create(
        name, SpanMappings(
                  {{"slot", ""}, {"start_time", fmt::format(R"({{"type":"{}"}})", format.type)}}));
    indices().Load(index, documents);
    const Profile profile = ProfileOf(format.start_unit, format.index_unit);
    const ReadNumbers wanted = NumbersOf(spans);
    ExpectNumbers(wanted, index, {.read = "source", .page_spans = 40}, profile);
    if (format.type == "double") continue;  // Its values are not what was written.
    const char* const read = has_point_in_time() ? "values_then_ids" : "values";
    ExpectNumbers(wanted, index, {.read = read, .page_spans = 40}, profile);
  }
}

TEST_P(SpanSourceMapping, NumbersInQuotesAreNumbersWhereTheIndexSaysSo) {
  const std::vector<TestSpan> spans = MakeSpans(60);
  std::vector<std::string> documents;
  for (const TestSpan& span : spans) {
    std::string document = span.Document();
    const std::string plain = fmt::format(R"("duration_us":{})", span.duration_us);
    document.replace(document.find(plain), plain.size(),
                     fmt::format(R"("duration_us":"{}")", span.duration_us));
    const size_t slot = document.find("\"slot\":") + 7;
    document.insert(document.size() - 1, "\"").insert(slot, "\"");
    documents.push_back(std::move(document));
  }
  const std::string index = indices().Create("quoted", SpanMappings());
  indices().Load(index, documents);
  ExpectNumbers(NumbersOf(spans), index, {.slot_read = "field", .read = "source"});
  ExpectNumbers(NumbersOf(spans), index, {.slot_read = "field", .read = "values"});
}

TEST_P(SpanSourceMapping, CountsOnlyTheKindsAndConditionsOfTheProfile) {
  const std::vector<TestSpan> spans = MakeSpans(300);
  std::vector<std::string> documents;
  const char* const kinds[] = {"server", "client", "CONSUMER", "internal", "Server"};
  for (size_t i = 0; i < spans.size(); ++i) {
    std::string document = spans[i].Document(/*slot=*/false);
    const std::string plain = R"("kind":"server")";
    document.replace(
        document.find(plain), plain.size(),
        fmt::format(R"("kind":"{}","sort":"{}")", kinds[i % 5], i % 2 == 0 ? "span" : "log"));
    documents.push_back(std::move(document));
  }
  const std::string index =
      indices().Create("kinds", SpanMappings({{"slot", ""}, {"sort", R"({"type":"keyword"})"}}));
  indices().Load(index, documents);
  const Profile profile = ProfileOf("ms", "date",
                                    "only:\n  - {path: sort, equals: [span]}\n"
                                    "entry_kinds: [server, consumer]\nentry_only: true\n");
  const auto wanted = ReadAsFile(documents, profile);
  ASSERT_TRUE(wanted) << wanted.error().message();
  ASSERT_EQ(wanted->coverage.read, 90U);
  ExpectNumbers(*wanted, index, {.read = "source"}, profile);
  ExpectNumbers(*wanted, index, {.slot_read = "group", .read = "values"}, profile);
}

/// What the server can't filter is listed as well, and is dropped by the decoder.
TEST_P(SpanSourceMapping, GroupsMayHoldWhatOnlyTheDecoderFilters) {
  std::vector<std::string> documents;
  const std::vector<TestSpan> spans = MakeSpans(200);
  for (size_t i = 0; i < spans.size(); ++i) {
    std::string document = spans[i].Document(/*slot=*/false);
    if (i % 3 == 0) document.replace(document.find("server"), 6, "client");
    documents.push_back(std::move(document));
  }
  const std::string index =
      indices().Create("kinds", SpanMappings({{"slot", ""}, {"kind", kText}}));
  indices().Load(index, documents);
  const Profile profile = ProfileOf("ms", "date", "entry_kinds: [server]\nentry_only: true\n");
  const auto wanted = ReadAsFile(documents, profile);
  ASSERT_TRUE(wanted) << wanted.error().message();
  ExpectNumbers(*wanted, index, {.slot_read = "group"}, profile);
}

INSTANTIATE_TEST_SUITE_P(Server, SpanSourceMapping, ::testing::ValuesIn(SearchTestServers()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace tymbal::testing
