#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/report_source.h"
#include "common/status.h"

namespace tymbal::report {

/// Parses "p99", "calls", "error_rate" and so on. Errors: kInvalidArgument, with the names there
/// are.
Result<SortKey> ParseSortKey(std::string_view name);
std::string_view SortKeyName(SortKey key);

/// Sorts as StatQuery::sort says, for rows that no store has sorted: numbers descending, time and
/// names ascending; ties by name, then time.
void SortRows(SortKey key, std::vector<StatReportRow>* rows);

}  // namespace tymbal::report
