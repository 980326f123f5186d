#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "common/coverage.h"
#include "common/endpoint_stat.h"

namespace tymbal::testing {

/// Of each endpoint (app, service, method): calls, errors, sum, min, p50, p90, p99 and max of the
/// durations in µs.
using MethodNumbers =
    std::map<std::tuple<std::string, std::string, std::string>, std::vector<uint64_t>>;
using CountsByReason = std::map<std::string, uint64_t>;

/// What tests/profiles/<profile>/expected.json says; see the README there.
struct ExpectedProfile {
  uint64_t documents = 0;
  uint64_t counted = 0;
  uint64_t filtered = 0;
  CountsByReason rejected;
  CountsByReason unplaced;
  std::map<int64_t, MethodNumbers> periods;  ///< By their starts; each of five minutes.
  CountsByReason hostile_rejected;
  uint64_t hostile_filtered = 0;
};
ExpectedProfile LoadExpectedProfile(const std::string& profile);

/// Returns the path of a file of tests/profiles/<profile>.
std::string ProfileFile(const std::string& profile, const std::string& file);

/// Names of all shipped profiles.
std::vector<std::string> ShippedProfileNames();

MethodNumbers MethodNumbersOf(const std::vector<StatRow>& rows);
CountsByReason CountsOf(const RejectCounts& rejected);

}  // namespace tymbal::testing
