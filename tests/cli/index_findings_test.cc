#include "cli/index_findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "worker/profile.h"
#include "worker/read_plan.h"

namespace tymbal::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

search::IndexField Field(const std::string& type) {
  return {.types = {type}, .doc_values = type != "text", .indices = 1};
}

/// What is found in an index that `tymbal index install` has prepared.
IndexFindings Prepared() {
  IndexFindings findings;
  findings.servers = "es1:9200";
  findings.index = "tymbal-span-*";
  findings.profile = *worker::LoadProfile("tymbal");
  findings.page_spans = 10'000;
  findings.look.version = {search::Engine::kOpenSearch, 2, 19};
  search::IndexSet& indices = findings.look.indices;
  indices.open = {"tymbal-span-2026-11-22"};
  indices.shards = 1;
  for (const char* name : {"app", "service", "method", "trace_id", "span_id", "kind"}) {
    indices.fields[name] = Field("keyword");
  }
  indices.fields["start_time"] = Field("date");
  indices.fields["duration_us"] = Field("long");
  indices.fields["error"] = Field("boolean");
  indices.fields["slot"] = Field("integer");
  return findings;
}

/// Draws the conclusions that LookAtIndex() draws from what servers say.
IndexFindings Concluded(IndexFindings findings) {
  worker::IndexLook& look = findings.look;
  auto layout = worker::DescribeIndex(findings.profile, look.indices, look.version);
  if (!layout) {
    look.no_layout = layout.error().message();
    return findings;
  }
  look.layout = *layout;
  auto columns = worker::DescribeColumns(findings.profile, look.indices);
  if (columns) {
    look.columns = *columns;
  } else {
    look.no_columns = columns.error().message();
  }
  look.slot_read = worker::ChooseSlotRead(findings.profile, *look.layout);
  findings.forecast = worker::ReadForecast{
      .range = {1'795'341'600'000, 1'795'341'900'000}, .records = 1'000, .requests = 1};
  return findings;
}

std::string Text(const IndexFindings& findings) {
  std::ostringstream out;
  WriteFindings(findings, out);
  return out.str();
}

TEST(IndexFindings, HaveNothingToChangeInAPreparedIndex) {
  const IndexFindings findings = Concluded(Prepared());
  EXPECT_THAT(Cures(findings), IsEmpty());
  EXPECT_THAT(Text(findings),
              AllOf(HasSubstr("OpenSearch 2.19 at es1:9200"), HasSubstr("start_time, a date"),
                    HasSubstr("field: each node asks for its own"), HasSubstr("1,000 spans in"),
                    HasSubstr("Nothing needs a change")));
}

TEST(IndexFindings, AdviseSlotsWhereTheServerMustListTheEndpoints) {
  IndexFindings findings = Prepared();
  findings.look.indices.fields.erase("slot");
  findings = Concluded(findings);
  EXPECT_THAT(Text(findings), HasSubstr("group: each node lets the server list"));
  EXPECT_THAT(Cures(findings), Contains(HasSubstr("tymbal index install")));
}

TEST(IndexFindings, SayWhatEveryNodeReadsForNothing) {
  IndexFindings findings = Concluded(Prepared());
  findings.forecast->slotless = 12;
  EXPECT_THAT(Cures(findings), Contains(HasSubstr("12 of 1,000 spans")));

  findings = Prepared();
  findings.look.indices.fields.erase("slot");
  findings.look.indices.fields["app"] = Field("text");
  findings = Concluded(findings);
  EXPECT_THAT(Cures(findings), Contains(AllOf(HasSubstr("each reads everything"),
                                              HasSubstr("app is mapped as text"))));
  EXPECT_THAT(Text(findings), HasSubstr("Columns   not possible: app is mapped as text"));
}

TEST(IndexFindings, NameClosedIndicesSmallPagesOldServersAndDocumentsWithoutTime) {
  IndexFindings findings = Prepared();
  findings.look.indices.closed = {"tymbal-span-2026-11-21"};
  findings.look.indices.result_window = 100;
  findings.look.version = {search::Engine::kElasticsearch, 6, 8};
  findings = Concluded(findings);
  findings.timeless = 3;
  const std::vector<std::string> cures = Cures(findings);
  EXPECT_THAT(cures, Contains(HasSubstr("1 closed indices")));
  EXPECT_THAT(cures, Contains(HasSubstr("pages of 100 spans")));
  EXPECT_THAT(cures, Contains(HasSubstr("no points in time")));
  EXPECT_THAT(cures, Contains(HasSubstr("3 documents have no start_time")));
}

TEST(IndexFindings, SayWhyAnIndexCannotBeReadAtAll) {
  IndexFindings findings = Prepared();
  findings.look.indices.fields["start_time"] = Field("keyword");
  findings = Concluded(findings);
  EXPECT_THAT(Cures(findings), Contains(HasSubstr("start_time is mapped as keyword")));
  EXPECT_THAT(Text(findings), Not(HasSubstr("Costs")));
  std::ostringstream json;
  WriteFindingsJson(findings, json);
  EXPECT_THAT(json.str(), HasSubstr(R"("readable":false,"to_change":[)"));
}

}  // namespace
}  // namespace tymbal::cli
