#include "generate/ndjson_encoder.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "common/histogram.h"
#include "common/span.h"
#include "generate/flat_json.h"

namespace tymbal::generate {
namespace {

std::vector<GeneratedSpan> Spans(const GenerateOptions& options) {
  std::vector<GeneratedSpan> spans(options.spans);
  SpanGenerator(options).Fill(spans);
  return spans;
}

std::string Encode(const GenerateOptions& options) {
  std::string lines;
  NdjsonEncoder(options).Append(Spans(options), &lines);
  return lines;
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    EXPECT_NE(end, std::string_view::npos) << "the last line has an end, too";
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

/// FNV-1a: any difference of the bytes shows, and it needs no library.
uint64_t Fingerprint(std::string_view bytes) {
  uint64_t h = 0xCBF29CE484222325U;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return h;
}

// People compare runs by their seeds: these change only on purpose, and CHANGELOG.md then says so.
TEST(NdjsonEncoder, SameOptionsGiveTheSameBytesOnEveryMachine) {
  EXPECT_EQ(Fingerprint(Encode({.spans = 20'000})), 10157243348222218427U);
  EXPECT_EQ(Fingerprint(Encode({.spans = 20'000,
                                .endpoints = 5000,
                                .apps = 300,
                                .seed = 42,
                                .from_ms = 1'767'225'600'000,
                                .duration_ms = 86'400'000,
                                .zipf = 0.8,
                                .errors = 0.1,
                                .bad = 0.02,
                                .order = SpanOrder::kRandom})),
            4886449197095140646U);
}

TEST(NdjsonEncoder, EveryLineIsANativeSpan) {
  const GenerateOptions options = {.spans = 20'000, .endpoints = 2000};
  const std::string text = Encode(options);
  const std::vector<std::string_view> lines = Lines(text);
  ASSERT_EQ(lines.size(), options.spans);
  const std::map<std::string, char, std::less<>> types = {
      {"app", 's'},        {"service", 's'},     {"method", 's'},
      {"start_time", 'n'}, {"duration_us", 'n'}, {"error", 'b'},
      {"trace_id", 's'},   {"span_id", 's'},     {"kind", 's'}};
  for (const std::string_view line : lines) {
    const std::optional<FlatObject> object = FlatJsonParser::Parse(line);
    ASSERT_TRUE(object) << line;
    ASSERT_EQ(object->size(), types.size()) << line;
    for (const auto& [key, type] : types) ASSERT_EQ(object->at(key).type, type) << line;
    EXPECT_EQ(object->at("trace_id").text.size(), 32U);
    EXPECT_EQ(object->at("span_id").text.size(), 16U);
    EXPECT_EQ(object->at("duration_us").text.find_first_not_of("0123456789"), std::string::npos);
  }
}

TEST(NdjsonEncoder, ValuesAreThoseOfTheSpan) {
  const GenerateOptions options = {.spans = 3000, .endpoints = 1000, .zipf = 0, .errors = 0.3};
  const std::vector<GeneratedSpan> spans = Spans(options);
  std::string text;
  NdjsonEncoder(options).Append(spans, &text);
  const std::vector<std::string_view> lines = Lines(text);
  std::set<std::string> escaped;
  for (size_t i = 0; i < spans.size(); ++i) {
    const GeneratedSpan& span = spans[i];
    const FlatObject object = FlatJsonParser::Parse(lines[i]).value();
    const NamedEndpoint endpoint = MakeEndpoint(span.endpoint, options.apps);
    EXPECT_EQ(object.at("app").text, endpoint.name.app);
    EXPECT_EQ(object.at("service").text, endpoint.name.service);
    EXPECT_EQ(object.at("method").text, endpoint.name.method);
    EXPECT_EQ(object.at("kind").text, SpanKindName(endpoint.kind));
    EXPECT_EQ(object.at("start_time").text, std::to_string(span.start_ms));
    EXPECT_EQ(object.at("duration_us").text, std::to_string(span.duration_us));
    EXPECT_EQ(object.at("error").text, span.error ? "true" : "false");
    EXPECT_EQ(std::stoull(object.at("span_id").text, nullptr, 16), span.span_id);
    EXPECT_EQ(std::stoull(object.at("trace_id").text.substr(0, 16), nullptr, 16),
              span.trace_id_high);
    EXPECT_EQ(std::stoull(object.at("trace_id").text.substr(16), nullptr, 16), span.trace_id_low);
    if (lines[i].find('\\') != std::string_view::npos) escaped.insert(endpoint.name.method);
  }
  EXPECT_EQ(escaped.size(), 3U);  // Endpoints 137, 537 and 937.
}

/// The line of the first span as `defect` breaks it; the object is empty if it is no JSON.
struct Broken {
  std::string line;
  FlatObject object;
};

Broken Break(Defect defect) {
  const GenerateOptions options = {.spans = 1};
  std::vector<GeneratedSpan> spans = Spans(options);
  spans[0].defect = defect;
  std::string text;
  NdjsonEncoder(options).Append(spans, &text);
  EXPECT_EQ(Lines(text).size(), 1U);
  const std::string line(Lines(text).front());
  return {line, FlatJsonParser::Parse(line).value_or(FlatObject{})};
}

TEST(NdjsonEncoder, DefectsBreakTheRecordInTheirWay) {
  for (const Defect no_json : {Defect::kTruncated, Defect::kInvalidUtf8, Defect::kDuplicateField}) {
    EXPECT_TRUE(Break(no_json).object.empty());
  }
  EXPECT_EQ(Break(Defect::kWrongType).object.at("duration_us").type, 's');
  EXPECT_EQ(Break(Defect::kEmptyApp).object.at("app").text, "");
  EXPECT_FALSE(Break(Defect::kMissingMethod).object.contains("method"));
  EXPECT_FALSE(Break(Defect::kMissingStart).object.contains("start_time"));
  EXPECT_FALSE(Break(Defect::kMissingDuration).object.contains("duration_us"));
  EXPECT_GT(Break(Defect::kNameTooLong).object.at("method").text.size(), kNameBytesMax);
  EXPECT_LT(std::stoll(Break(Defect::kStartInSeconds).object.at("start_time").text), kStartMinMs);
  EXPECT_LT(std::stoll(Break(Defect::kNegativeDuration).object.at("duration_us").text), 0);
  EXPECT_GT(std::stoull(Break(Defect::kDurationTooLong).object.at("duration_us").text),
            kDurationMaxUs);
  EXPECT_TRUE(Break(Defect::kFractionalDuration).object.at("duration_us").text.ends_with(".5"));
  EXPECT_EQ(Break(Defect::kWrongSlot).object.at("slot").text, "2147483647");
  EXPECT_EQ(Break(Defect::kNone).object.size(), 9U);
}

}  // namespace
}  // namespace tymbal::generate
