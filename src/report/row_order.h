#pragma once

#include <vector>

#include "common/report_source.h"

namespace tymbal::report {

/// Sorts as StatQuery::sort says, for rows that no store has sorted: numbers descending, time and
/// names ascending; ties by name, then time.
void SortRows(SortKey key, std::vector<StatReportRow>* rows);

}  // namespace tymbal::report
