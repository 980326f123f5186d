#pragma once

#include "report/record_writer.h"
#include "report/report_query.h"

namespace tymbal::report {

/// Write a report's rows with raw numbers. The names of the columns are those of the store's views
/// and never change their meaning; docs/reports.md explains them.
void WriteRecords(const StatReport& report, RecordWriter& writer);
void WriteRecords(const SlowReport& report, RecordWriter& writer);
void WriteRecords(const PeriodsReport& report, RecordWriter& writer);

}  // namespace tymbal::report
