#include "worker/index_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "worker/column_layout.h"
#include "worker/profile.h"

namespace tymbal::worker {
namespace {

using search::IndexField;
using search::IndexSet;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr search::ServerVersion kOpenSearch2{search::Engine::kOpenSearch, 2, 19};
constexpr search::ServerVersion kElasticsearch6{search::Engine::kElasticsearch, 6, 8};

/// One index with Tymbal's own fields, and those of `changed` instead.
IndexSet NativeIndex(const std::map<std::string, IndexField>& changed = {}) {
  IndexSet set;
  set.open = {"spans"};
  for (const char* name : {"app", "service", "method", "trace_id", "span_id", "kind"}) {
    set.fields[name] = {.types = {"keyword"}};
  }
  set.fields["start_time"] = {.types = {"date"}};
  set.fields["duration_us"] = {.types = {"long"}};
  set.fields["error"] = {.types = {"boolean"}};
  set.fields["slot"] = {.types = {"integer"}};
  for (const auto& [name, field] : changed) set.fields[name] = field;
  std::erase_if(set.fields, [](const auto& field) { return field.second.types.empty(); });
  for (auto& [name, field] : set.fields) field.indices = 1;
  return set;
}

const Profile& Native() {
  static const Profile profile = *LoadProfile("tymbal");
  return profile;
}

Profile EntriesOnly() {
  Profile profile = Native();
  profile.entry_only = true;
  return profile;
}

TEST(IndexLayout, AsksForTheFieldsOfTheProfileAndTheirKeywords) {
  const auto fields = FieldsOf(Native());
  EXPECT_THAT(fields, Contains("method"));
  EXPECT_THAT(fields, Contains("method.keyword"));
  EXPECT_THAT(fields, Contains("start_time"));
  EXPECT_THAT(FieldsOf(*LoadProfile("jaeger")), Not(Contains(HasSubstr("["))));
}

TEST(IndexLayout, FindsSlotAndNames) {
  const auto layout = DescribeIndex(Native(), NativeIndex(), kOpenSearch2);
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->slot_field, "slot");
  EXPECT_EQ(layout->no_groups, "");
  EXPECT_EQ(layout->method.name, "method");
  EXPECT_TRUE(layout->clauses.empty());
}

TEST(IndexLayout, ATextIsGroupedByItsKeyword) {
  const auto layout =
      DescribeIndex(Native(),
                    NativeIndex({{"method", {.types = {"text"}, .doc_values = false}},
                                 {"method.keyword", {.types = {"keyword"}, .ignore_above = 256}}}),
                    kOpenSearch2);
  EXPECT_EQ(layout->no_groups, "");
  EXPECT_EQ(layout->method.name, "method.keyword");
  EXPECT_TRUE(layout->method.may_lack);
  EXPECT_FALSE(layout->app.may_lack);
}

TEST(IndexLayout, SaysWhyThereAreNoGroups) {
  const auto why = [](IndexField method) {
    return DescribeIndex(Native(), NativeIndex({{"method", std::move(method)}}), kOpenSearch2)
        ->no_groups;
  };
  EXPECT_EQ(why({.types = {"text"}, .doc_values = false}),
            "method is mapped as text without a keyword");
  EXPECT_EQ(why({.types = {"keyword"}, .normalized = true}), "a normalizer changes method");
  EXPECT_EQ(why({.types = {"keyword"}, .doc_values = false}), "method has no doc values");
  EXPECT_EQ(why({.types = {"keyword", "text"}}), "method is mapped as keyword and text");
  EXPECT_EQ(why({}), "method is in no mapping");
}

TEST(IndexLayout, ASlotMustBeANumberThatCanBeAskedFor) {
  for (const IndexField& slot : {IndexField{.types = {"keyword"}}, IndexField(),
                                 IndexField{.types = {"integer"}, .indexed = false}}) {
    EXPECT_EQ(DescribeIndex(Native(), NativeIndex({{"slot", slot}}), kOpenSearch2)->slot_field, "");
  }
}

TEST(IndexLayout, TheServerFiltersKindsWhereItComparesAsWeDo) {
  const auto layout = DescribeIndex(EntriesOnly(), NativeIndex(), kOpenSearch2);
  ASSERT_EQ(layout->clauses.size(), 1U);
  EXPECT_THAT(layout->clauses[0], HasSubstr(R"("value":"server","case_insensitive":true)"));
  EXPECT_EQ(layout->unfiltered, "");
  // Else the documents are read and dropped.
  const auto old = DescribeIndex(EntriesOnly(), NativeIndex(), kElasticsearch6);
  EXPECT_TRUE(old->clauses.empty());
  EXPECT_EQ(old->unfiltered, "kind");
  const auto text =
      DescribeIndex(EntriesOnly(), NativeIndex({{"kind", {.types = {"text"}}}}), kOpenSearch2);
  EXPECT_TRUE(text->clauses.empty());
  EXPECT_EQ(text->unfiltered, "kind");
}

TEST(ColumnLayout, HasTheFieldsOfASpanWithAndWithoutItsIds) {
  const auto columns = DescribeColumns(Native(), NativeIndex());
  ASSERT_TRUE(columns) << columns.error().message();
  EXPECT_THAT(columns->fields_without_ids,
              HasSubstr(R"({"field":"start_time","format":"epoch_millis"})"));
  EXPECT_THAT(columns->fields_without_ids, Not(HasSubstr("trace_id")));
  EXPECT_THAT(columns->fields_without_ids, Not(HasSubstr("kind")));
  EXPECT_THAT(columns->fields, HasSubstr("trace_id"));
  EXPECT_EQ(columns->profile.start_unit, TimeUnit::kIso);
  EXPECT_TRUE(columns->profile.slot.empty());
  EXPECT_TRUE(columns->doubtful.empty());
}

TEST(ColumnLayout, SortValuesAreUsedOnlyWhereTheySayTheSame) {
  EXPECT_THAT(DescribeColumns(Native(), NativeIndex())->sortable,
              ElementsAre("start_time", "app", "duration_us", "error", "method", "service"));
  // Nanoseconds, a fraction as the server writes it, and a flag that is no error's.
  EXPECT_THAT(
      DescribeColumns(Native(), NativeIndex({{"start_time", {.types = {"date_nanos"}}}}))->sortable,
      IsEmpty());
  EXPECT_THAT(
      DescribeColumns(Native(), NativeIndex({{"duration_us", {.types = {"double"}}}}))->sortable,
      IsEmpty());
  Profile with_condition = Native();
  with_condition.only = {{.path = {"error"}, .values = {"true"}}};
  EXPECT_THAT(DescribeColumns(with_condition, NativeIndex())->sortable, IsEmpty());
}

TEST(ColumnLayout, NamesThatMayBeTooLongForTheirColumnAreDoubtful) {
  const auto columns = DescribeColumns(
      Native(), NativeIndex({{"method", {.types = {"text"}, .doc_values = false}},
                             {"method.keyword", {.types = {"keyword"}, .ignore_above = 256}}}));
  ASSERT_TRUE(columns) << columns.error().message();
  EXPECT_THAT(columns->doubtful, ElementsAre("method.keyword"));
  EXPECT_EQ(columns->profile.method[0].text, "method.keyword");
}

TEST(ColumnLayout, ColumnsThatSayLessThanTheDocumentsAreNotUsed) {
  const auto why = [](const std::string& name, IndexField field) {
    const auto columns = DescribeColumns(Native(), NativeIndex({{name, std::move(field)}}));
    return columns ? "columns" : columns.error().message();
  };
  EXPECT_EQ(why("duration_us", {.types = {"float"}}), "duration_us is mapped as float");
  EXPECT_EQ(why("duration_us", {.types = {"double"}}), "columns");
  EXPECT_EQ(why("start_time", {.types = {"double"}}), "start_time is mapped as double");
  EXPECT_EQ(why("error", {.types = {"keyword"}}), "error is mapped as keyword");
  EXPECT_EQ(why("method", {.types = {"text"}, .doc_values = false}),
            "method is mapped as text without a keyword");
  IndexSet two = NativeIndex();
  two.open = {"spans-1", "spans-2"};
  EXPECT_THAT(DescribeColumns(Native(), two).error().message(),
              HasSubstr("is not in the mapping of every index"));
}

}  // namespace
}  // namespace tymbal::worker
