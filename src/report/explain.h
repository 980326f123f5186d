#pragma once

#include <string>

#include "common/time_text.h"
#include "report/report_query.h"

namespace tymbal::report {

/// Sentences on what a report covers, for people. Names in them are printable and cut to a length.

/// "2026-11-22 10:00:00Z to 2026-11-22 10:05:00Z", "12 periods, … to …".
/// REQUIRES: the scope has a published period.
std::string DescribePeriods(const Scope& scope, const TimeZone& zone);

/// "1 open, 2 failed, 12 missing"; empty when all are published.
std::string DescribeUnpublished(const PeriodCounts& counts);

/// "spans 12,345 of 12,345 read, 12 rejected".
std::string DescribeCoverage(const Coverage& coverage, uint64_t unplaced);

/// "app "shop", method "GET /"": what rows were filtered by; empty without a filter.
std::string DescribeFilter(const NameFilter& names);

/// Return why a report has no rows, and where there would be some. REQUIRES: it has none.
std::string ExplainEmpty(const StatReport& report, const TimeZone& zone);
std::string ExplainEmpty(const SlowReport& report, const TimeZone& zone);
std::string ExplainEmpty(const PeriodsReport& report, const TimeZone& zone);

}  // namespace tymbal::report
