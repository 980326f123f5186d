#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "worker/index_look.h"
#include "worker/read_forecast.h"

namespace tymbal::cli {

/// What `tymbal index check` has found out.
struct IndexFindings {
  std::string servers;
  std::string index;
  worker::Profile profile;
  std::string profile_reason;  ///< Empty: it was named.
  size_t page_spans = 0;       ///< As configured.
  worker::IndexLook look;
  std::optional<worker::ReadForecast> forecast;  ///< Nothing: the index can't be read.
  std::string no_forecast;                       ///< Why the period can't be read; empty: it can.
  uint64_t timeless = 0;                         ///< Documents without a time.
};

/// Returns what somebody could change so that reading gets possible, cheaper or more complete: a
/// sentence each.
std::vector<std::string> Cures(const IndexFindings& findings);

/// Writes for people, and as one JSON object (docs/search.md lists its members).
void WriteFindings(const IndexFindings& findings, std::ostream& out);
void WriteFindingsJson(const IndexFindings& findings, std::ostream& out);

}  // namespace tymbal::cli
