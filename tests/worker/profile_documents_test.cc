// Documents as each system writes them, and the numbers that must come out: tests/profiles/<name>/.
#include "support/profile_documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/period.h"
#include "worker/file_source.h"
#include "worker/profile.h"
#include "worker/profile_match.h"
#include "worker/scan.h"

namespace tymbal::worker {
namespace {

using ::testing::HasSubstr;
using tymbal::testing::CountsOf;
using tymbal::testing::ExpectedProfile;
using tymbal::testing::MethodNumbersOf;
using tymbal::testing::ProfileFile;
using tymbal::testing::ShippedProfileNames;

class ProfileDocuments : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    expected_ = tymbal::testing::LoadExpectedProfile(GetParam());
    ASSERT_GT(expected_.counted, 0U);
  }

  std::unique_ptr<Aggregator> Read(const std::string& file) {
    auto profile = LoadProfile(GetParam());
    EXPECT_TRUE(profile) << profile.error().message();
    auto source =
        FileSource::Create({.paths = {ProfileFile(GetParam(), file)}, .profile = *profile});
    EXPECT_TRUE(source) << source.error().message();
    const ScanOptions options{.aggregator = {.grid = *PeriodGrid::Create(300'000, 0), .apdex = {}},
                              .threads = 1,
                              .on_progress = {}};
    auto aggregator = Scan(source->get(), SpanQuery{}, options);
    EXPECT_TRUE(aggregator) << aggregator.error().message();
    return std::move(*aggregator);
  }

  ExpectedProfile expected_;
};

TEST_P(ProfileDocuments, GiveTheExpectedNumbers) {
  const auto aggregator = Read("documents.ndjson");
  std::vector<int64_t> starts;
  uint64_t spans = 0;
  RejectCounts rejected;
  for (const auto& [start_ms, methods] : expected_.periods) {
    starts.push_back(start_ms);
    SCOPED_TRACE("period " + std::to_string(start_ms));
    auto result = aggregator->Summarize(start_ms, {0, kSlotsDefault});
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(MethodNumbersOf(result->rows), methods);
    for (const StatRow& row : result->rows) EXPECT_TRUE(row.stat.exact);
    spans += result->coverage.read - result->coverage.rejected.Total();
    rejected.Merge(result->coverage.rejected);
  }
  EXPECT_EQ(aggregator->PeriodStarts(), starts);
  EXPECT_EQ(spans, expected_.counted);
  EXPECT_EQ(aggregator->filtered(), expected_.filtered);
  EXPECT_EQ(CountsOf(rejected), expected_.rejected);
  EXPECT_EQ(CountsOf(aggregator->unplaced()), expected_.unplaced);
}

TEST_P(ProfileDocuments, RejectWhatIsHostileForItsReason) {
  const auto aggregator = Read("hostile.ndjson");
  RejectCounts rejected = aggregator->unplaced();
  for (const int64_t start_ms : aggregator->PeriodStarts()) {
    const Coverage& coverage = aggregator->PeriodCoverage(start_ms);
    EXPECT_EQ(coverage.read, coverage.rejected.Total());  // No span among them.
    rejected.Merge(coverage.rejected);
  }
  EXPECT_EQ(CountsOf(rejected), expected_.hostile_rejected);
  EXPECT_EQ(aggregator->filtered(), expected_.hostile_filtered);
}

/// Adds the full names of a mapping's fields and their types.
void CollectFields(const YAML::Node& properties, const std::string& prefix,
                   std::map<std::string, std::string>* types) {
  for (const auto& entry : properties) {
    const auto name = prefix + entry.first.as<std::string>();
    (*types)[name] = entry.second["type"].as<std::string>("object");
    CollectFields(entry.second["properties"], name + ".", types);
  }
}

std::map<std::string, std::string> MappedTypes(const std::string& profile) {
  std::map<std::string, std::string> types;
  const YAML::Node body = YAML::LoadFile(ProfileFile(profile, "mapping.json"));
  CollectFields(body["mappings"]["properties"], "", &types);
  return types;
}

TEST_P(ProfileDocuments, MappingHasTheTimeFieldInItsUnit) {
  const Profile profile = *LoadProfile(GetParam());
  const auto types = MappedTypes(GetParam());
  ASSERT_TRUE(types.contains(profile.time_field)) << profile.time_field;
  EXPECT_EQ(types.at(profile.time_field), profile.time_unit == TimeUnit::kIso ? "date" : "long");
  EXPECT_NE(profile.index, "");
}

TEST_P(ProfileDocuments, AreRecognised) {
  ProfileEvidence evidence;
  evidence.documents =
      *SampleRecords(std::vector<std::string>{ProfileFile(GetParam(), "documents.ndjson")}, 1000);
  EXPECT_EQ(evidence.documents.size(), expected_.documents);
  const auto match = MatchProfile(*LoadShippedProfiles(), evidence);
  ASSERT_TRUE(match) << match.error().message();
  EXPECT_EQ(match->profile.name, GetParam());
  EXPECT_THAT(match->reason, HasSubstr(" sample documents have "));
}

TEST_P(ProfileDocuments, AreRecognisedByTheMappingOfAnEmptyIndex) {
  ProfileEvidence evidence;
  for (const auto& [name, type] : MappedTypes(GetParam())) evidence.mapping_fields.push_back(name);
  // Dynamic fields are in no mapping before the first document.
  if (GetParam() == "otel")
    evidence.mapping_fields.emplace_back("resource.attributes.service.name");
  // Not mapped by Zipkin, but by the first document.
  if (GetParam() == "zipkin") evidence.mapping_fields.emplace_back("timestamp");
  const auto match = MatchProfile(*LoadShippedProfiles(), evidence);
  ASSERT_TRUE(match) << match.error().message();
  EXPECT_EQ(match->profile.name, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Shipped, ProfileDocuments, ::testing::ValuesIn(ShippedProfileNames()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace tymbal::worker
