#pragma once

#include <cstdint>
#include <string_view>

namespace tymbal {

/// One recorded call, checked: the names are not empty where they must not be, no name is longer
/// than kNameBytesMax, the duration is at most kDurationMaxUs. The texts belong to whoever made the
/// span and live as long as that says.
struct Span {
  std::string_view app;
  std::string_view service;
  std::string_view method;
  std::string_view trace_id;
  std::string_view span_id;
  int64_t start_ms = 0;
  uint64_t duration_us = 0;
  uint64_t weight = 1;  ///< How many calls of this duration it stands for; at least 1.
  bool error = false;
};

/// Starts outside of [kStartMinMs, kStartEndMs), the years 2000 to 2099, come from a wrong unit.
inline constexpr int64_t kStartMinMs = 946'684'800'000;
inline constexpr int64_t kStartEndMs = 4'102'444'800'000;

/// Longer ids are cut: they are only for looking a call up.
inline constexpr size_t kIdBytesMax = 128;

}  // namespace tymbal
