#pragma once

#include <cstdint>
#include <string_view>

#include "common/status.h"

namespace tymbal::generate {

inline constexpr uint64_t kSpansMax = 1'000'000'000'000;
inline constexpr uint32_t kEndpointsMax = 1'000'000;
inline constexpr double kZipfMax = 10;

/// In which order the spans come.
enum class SpanOrder : uint8_t {
  kTime,    ///< By start, with the disorder of exporters that send what has ended.
  kRandom,  ///< Any start at any place.
};

/// What to generate. Equal options give equal spans, on every machine.
struct GenerateOptions {
  uint64_t spans = 1'000'000;
  uint32_t endpoints = 200;
  uint32_t apps = 20;
  uint64_t seed = 1;
  int64_t from_ms = 1'795'341'600'000;  ///< 2026-11-22T10:00Z
  int64_t duration_ms = 3'600'000;
  double zipf = 1.05;     ///< Exponent of the endpoints' popularity; 0 = all alike.
  double errors = 0.005;  ///< Share of calls that fail.
  double bad = 0;         ///< Share of records that are broken (see Defect).
  SpanOrder order = SpanOrder::kTime;
};

/// Errors: kInvalidArgument, naming the option and its limits.
Status Validate(const GenerateOptions& options);

/// Parses a count such as "250", "1_000_000", "500k", "20M" or "1G". Errors: kInvalidArgument.
Result<uint64_t> ParseCount(std::string_view text);

/// Parses a number such as "1.05" or "1e-3". Errors: kInvalidArgument.
Result<double> ParseNumber(std::string_view text);

/// Parses "time" or "random". Errors: kInvalidArgument.
Result<SpanOrder> ParseOrder(std::string_view text);

}  // namespace tymbal::generate
