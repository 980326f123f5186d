#include "search/time_field.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

namespace tymbal::search {
namespace {

using ::testing::HasSubstr;
using Kind = TimeField::Kind;

constexpr int64_t kStartMs = 1'795'341'600'000;
constexpr Kind kKinds[] = {Kind::kDate, Kind::kSeconds, Kind::kMillis, Kind::kMicros, Kind::kNanos};

bool IsJson(const std::string& text) {
  simdjson::dom::parser parser;
  return parser.parse(simdjson::padded_string(text)).error() == simdjson::SUCCESS;
}

TEST(TimeField, RangesAreHalfOpenInTheFieldsOwnUnit) {
  const Period range{kStartMs + 1, kStartMs + 2'000};
  EXPECT_EQ((TimeField{"t", Kind::kDate}.RangeClause(range)),
            R"({"range":{"t":{"gte":1795341600001,"lt":1795341602000,"format":"epoch_millis"}}})");
  EXPECT_EQ((TimeField{"t", Kind::kMillis}.RangeClause(range)),
            R"({"range":{"t":{"gte":1795341600001,"lt":1795341602000}}})");
  EXPECT_EQ((TimeField{"t", Kind::kSeconds}.RangeClause(range)),
            R"({"range":{"t":{"gte":1795341600.001,"lt":1795341602}}})");
  EXPECT_EQ((TimeField{"t", Kind::kMicros}.RangeClause(range)),
            R"({"range":{"t":{"gte":1795341600001000,"lt":1795341602000000}}})");
  EXPECT_EQ((TimeField{"t", Kind::kNanos}.RangeClause(range)),
            R"({"range":{"t":{"gte":1795341600001000000,"lt":1795341602000000000}}})");
}

TEST(TimeField, ClausesAreJsonWhateverTheOffset) {
  for (const Kind kind : kKinds) {
    const TimeField field{"a\"b", kind};
    EXPECT_TRUE(IsJson(field.RangeClause({kStartMs, kStartMs + 1})));
    if (!field.HasExactHistogram()) continue;
    for (const int64_t offset_ms : {0, 1, 77}) {
      const std::string clause =
          "{" + field.HistogramClause(kStartMs + offset_ms, 1'000, true) + "}";
      EXPECT_TRUE(IsJson(clause)) << clause;
    }
  }
}

TEST(TimeField, HistogramsBeginWithTheRange) {
  EXPECT_EQ((TimeField{"t", Kind::kDate}.HistogramClause(kStartMs + 7, 300, true)),
            R"("date_histogram":{"field":"t","fixed_interval":"300ms","offset":"7ms",)"
            R"("min_doc_count":1})");
  EXPECT_THAT((TimeField{"t", Kind::kDate}.HistogramClause(kStartMs, 300, false)),
              HasSubstr(R"("interval":"300ms")"));
  EXPECT_EQ((TimeField{"t", Kind::kMicros}.HistogramClause(kStartMs, 300, true)),
            R"("histogram":{"field":"t","interval":300000,"offset":0,"min_doc_count":1})");
}

TEST(TimeField, ReadsTheBucketsItAskedFor) {
  EXPECT_EQ((TimeField{"t", Kind::kDate}.BucketStartMs(1795341600001.0)), kStartMs + 1);
  EXPECT_EQ((TimeField{"t", Kind::kSeconds}.BucketStartMs(1795341600.001)), kStartMs + 1);
  EXPECT_EQ((TimeField{"t", Kind::kMicros}.BucketStartMs(1.795341600001E15)), kStartMs + 1);
}

IndexSet SetOf(IndexField field) {
  IndexSet set;
  set.open = {"i"};
  field.indices = 1;
  set.fields["t"] = std::move(field);
  return set;
}

TEST(TimeField, SaysWhyAFieldIsOfNoUse) {
  EXPECT_EQ(FindTimeField(SetOf({.types = {"date_nanos"}}), "t", Kind::kMillis)->kind, Kind::kDate);
  EXPECT_EQ(FindTimeField(SetOf({.types = {"long"}}), "t", Kind::kMicros)->kind, Kind::kMicros);
  const auto message = [](IndexField field) {
    const auto found = FindTimeField(SetOf(std::move(field)), "t", Kind::kMillis);
    return found ? "found" : found.error().message();
  };
  EXPECT_THAT(message({.types = {"keyword"}}), HasSubstr("mapped as keyword; map it as date"));
  EXPECT_THAT(message({.types = {"date", "long"}}), HasSubstr("mapped as date and long"));
  EXPECT_THAT(message({.types = {"date"}, .indexed = false}), HasSubstr("not indexed"));
  EXPECT_THAT(message({.types = {"date"}, .doc_values = false}), HasSubstr("not in doc values"));
  EXPECT_THAT(FindTimeField(IndexSet(), "t", Kind::kMillis).error().message(),
              HasSubstr("no index has the field t"));
}

}  // namespace
}  // namespace tymbal::search
