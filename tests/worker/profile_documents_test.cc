// Documents as each system writes them, and the numbers that must come out: tests/profiles/<name>/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "common/period.h"
#include "worker/file_source.h"
#include "worker/profile.h"
#include "worker/profile_match.h"
#include "worker/scan.h"
#include "worker/shipped_profiles.h"

namespace tymbal::worker {
namespace {

using testing::HasSubstr;

const std::filesystem::path& Folder() {
  static const std::filesystem::path folder =
      std::filesystem::path(TYMBAL_SOURCE_DIR) / "tests" / "profiles";
  return folder;
}

std::vector<std::string> ProfileNames() {
  std::vector<std::string> names;
  for (const ShippedProfile& shipped : ShippedProfiles()) names.emplace_back(shipped.name);
  return names;
}

using Names = std::tuple<std::string, std::string, std::string>;
/// calls, errors, sum, min, p50, p90, p99 and max of the durations in µs.
using Numbers = std::vector<uint64_t>;
using Counts = std::map<std::string, uint64_t>;

Numbers NumbersOf(const EndpointStat& stat) {
  const auto& percentile_us = stat.percentile_us;
  EXPECT_TRUE(stat.exact);
  return {stat.calls,       stat.errors,      stat.duration_sum_us, stat.min_us,
          percentile_us[0], percentile_us[2], percentile_us[4],     stat.max_us};
}

Counts CountsOf(const RejectCounts& rejected) {
  Counts counts;
  for (size_t i = 0; i < kRejectReasons; ++i) {
    if (rejected.by_reason[i] == 0) continue;
    counts[std::string(RejectReasonName(static_cast<RejectReason>(i)))] = rejected.by_reason[i];
  }
  return counts;
}

/// JSON is YAML, so the parser that the profiles need anyway reads what is expected.
class ProfileDocuments : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    expected_ = YAML::LoadFile(Folder() / GetParam() / "expected.json");
    ASSERT_GT(expected_["counted"].as<uint64_t>(), 0);
  }

  std::unique_ptr<Aggregator> Read(const std::string& file) {
    auto profile = LoadProfile(GetParam());
    EXPECT_TRUE(profile) << profile.error().message();
    auto source = FileSource::Create(
        {.paths = {(Folder() / GetParam() / file).string()}, .profile = *profile});
    EXPECT_TRUE(source) << source.error().message();
    const ScanOptions options{.aggregator = {.grid = *PeriodGrid::Create(300'000, 0), .apdex = {}},
                              .threads = 1,
                              .on_progress = {}};
    auto aggregator = Scan(source->get(), SpanQuery{}, options);
    EXPECT_TRUE(aggregator) << aggregator.error().message();
    return std::move(*aggregator);
  }

  YAML::Node expected_;
};

std::map<Names, Numbers> ExpectedRows(const YAML::Node& period) {
  std::map<Names, Numbers> rows;
  for (const YAML::Node& row : period["methods"]) {
    Numbers numbers;
    for (const char* key :
         {"calls", "errors", "duration_sum_us", "min_us", "p50_us", "p90_us", "p99_us", "max_us"}) {
      numbers.push_back(row[key].as<uint64_t>());
    }
    rows[{row["app"].as<std::string>(), row["service"].as<std::string>(),
          row["method"].as<std::string>()}] = std::move(numbers);
  }
  return rows;
}

TEST_P(ProfileDocuments, GiveTheExpectedNumbers) {
  const auto aggregator = Read("documents.ndjson");
  std::vector<int64_t> starts;
  uint64_t spans = 0;
  RejectCounts rejected;
  for (const YAML::Node& period : expected_["periods"]) {
    const auto start_ms = period["start_ms"].as<int64_t>();
    starts.push_back(start_ms);
    SCOPED_TRACE("period " + std::to_string(start_ms));
    auto result = aggregator->Summarize(start_ms, {0, kSlotsDefault});
    ASSERT_TRUE(result) << result.error().message();
    std::map<Names, Numbers> rows;
    for (const StatRow& row : result->rows) {
      rows[{row.name.app, row.name.service, row.name.method}] = NumbersOf(row.stat);
    }
    EXPECT_EQ(rows, ExpectedRows(period));
    spans += result->coverage.read - result->coverage.rejected.Total();
    rejected.Merge(result->coverage.rejected);
  }
  EXPECT_EQ(aggregator->PeriodStarts(), starts);
  EXPECT_EQ(spans, expected_["counted"].as<uint64_t>());
  EXPECT_EQ(aggregator->filtered(), expected_["filtered"].as<uint64_t>());
  EXPECT_EQ(CountsOf(rejected), expected_["rejected"].as<Counts>());
  EXPECT_EQ(CountsOf(aggregator->unplaced()), expected_["unplaced"].as<Counts>());
}

TEST_P(ProfileDocuments, RejectWhatIsHostileForItsReason) {
  const auto aggregator = Read("hostile.ndjson");
  RejectCounts rejected = aggregator->unplaced();
  for (const int64_t start_ms : aggregator->PeriodStarts()) {
    const Coverage& coverage = aggregator->PeriodCoverage(start_ms);
    EXPECT_EQ(coverage.read, coverage.rejected.Total());  // No span among them.
    rejected.Merge(coverage.rejected);
  }
  EXPECT_EQ(CountsOf(rejected), expected_["hostile"]["rejected"].as<Counts>());
  EXPECT_EQ(aggregator->filtered(), expected_["hostile"]["filtered"].as<uint64_t>());
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
  const YAML::Node body = YAML::LoadFile(Folder() / profile / "mapping.json");
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
  evidence.documents = *SampleRecords(
      std::vector<std::string>{(Folder() / GetParam() / "documents.ndjson").string()}, 1000);
  EXPECT_EQ(evidence.documents.size(), expected_["documents"].as<size_t>());
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

INSTANTIATE_TEST_SUITE_P(Shipped, ProfileDocuments, testing::ValuesIn(ProfileNames()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace tymbal::worker
