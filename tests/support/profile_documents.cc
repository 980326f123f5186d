#include "support/profile_documents.h"

#include <yaml-cpp/yaml.h>

#include <filesystem>

#include "worker/shipped_profiles.h"

namespace tymbal::testing {

/// JSON is YAML, so the parser that the profiles need anyway reads what is expected.
ExpectedProfile LoadExpectedProfile(const std::string& profile) {
  const YAML::Node root = YAML::LoadFile(ProfileFile(profile, "expected.json"));
  ExpectedProfile expected{.documents = root["documents"].as<uint64_t>(),
                           .counted = root["counted"].as<uint64_t>(),
                           .filtered = root["filtered"].as<uint64_t>(),
                           .rejected = root["rejected"].as<CountsByReason>(),
                           .unplaced = root["unplaced"].as<CountsByReason>(),
                           .periods = {},
                           .hostile_rejected = root["hostile"]["rejected"].as<CountsByReason>(),
                           .hostile_filtered = root["hostile"]["filtered"].as<uint64_t>()};
  for (const YAML::Node& period : root["periods"]) {
    MethodNumbers& methods = expected.periods[period["start_ms"].as<int64_t>()];
    for (const YAML::Node& row : period["methods"]) {
      std::vector<uint64_t>& numbers =
          methods[{row["app"].as<std::string>(), row["service"].as<std::string>(),
                   row["method"].as<std::string>()}];
      for (const char* key : {"calls", "errors", "duration_sum_us", "min_us", "p50_us", "p90_us",
                              "p99_us", "max_us"}) {
        numbers.push_back(row[key].as<uint64_t>());
      }
    }
  }
  return expected;
}

std::string ProfileFile(const std::string& profile, const std::string& file) {
  return std::filesystem::path(TYMBAL_SOURCE_DIR) / "tests" / "profiles" / profile / file;
}

std::vector<std::string> ShippedProfileNames() {
  std::vector<std::string> names;
  for (const worker::ShippedProfile& shipped : worker::ShippedProfiles()) {
    names.emplace_back(shipped.name);
  }
  return names;
}

MethodNumbers MethodNumbersOf(const std::vector<StatRow>& rows) {
  MethodNumbers methods;
  for (const StatRow& row : rows) {
    const EndpointStat& stat = row.stat;
    methods[{row.name.app, row.name.service, row.name.method}] = {stat.calls,
                                                                  stat.errors,
                                                                  stat.duration_sum_us,
                                                                  stat.min_us,
                                                                  stat.percentile_us[0],
                                                                  stat.percentile_us[2],
                                                                  stat.percentile_us[4],
                                                                  stat.max_us};
  }
  return methods;
}

CountsByReason CountsOf(const RejectCounts& rejected) {
  CountsByReason counts;
  for (size_t i = 0; i < kRejectReasons; ++i) {
    if (rejected.by_reason[i] == 0) continue;
    counts[std::string(RejectReasonName(static_cast<RejectReason>(i)))] = rejected.by_reason[i];
  }
  return counts;
}

}  // namespace tymbal::testing
