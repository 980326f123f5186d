#include "report/records.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "report/csv.h"
#include "report/fake_report_source.h"
#include "report/json.h"

namespace tymbal::report {
namespace {

const EndpointName kCart = {"shop", "HTTP", "GET /cart"};

template <typename Report>
std::string Csv(const Report& report) {
  std::ostringstream out;
  CsvWriter writer(*TimeZone::Find("+01:00"), out);
  WriteRecords(report, writer);
  std::string text = out.str();
  std::erase(text, '\r');
  return "\n" + text;
}

template <typename Report>
std::string Json(const Report& report) {
  std::ostringstream out;
  JsonWriter writer(TimeZone::Utc(), out);
  WriteRecords(report, writer);
  return "\n" + out.str();
}

FakeReportSource OnePeriod() {
  FakeReportSource source;
  source.AddPeriod(0);
  source.AddCalls(kCart, {10, 20, 30, 41}, /*errors=*/1);
  return source;
}

StatReport Read(FakeReportSource& source, Level level) {
  StatRequest request;
  request.level = level;
  return *ReadStatReport(source, request);
}

TEST(Records, WritesTheColumnsOfMethods) {
  FakeReportSource source = OnePeriod();
  EXPECT_EQ(Csv(Read(source, Level::kMethod)), R"(
period_start,app,service,method,calls,errors,error_rate,apdex,satisfied,tolerating,duration_sum_us,mean_us,min_us,p50_us,p75_us,p90_us,p95_us,p99_us,p999_us,max_us,exact,run_id
2026-11-22T11:00:00.000+01:00,shop,HTTP,GET /cart,4,1,0.25,0.75,3,0,101,25.25,10,20,30,41,41,41,41,41,1,1
)");
}

TEST(Records, LeavesOutTheNamesThatALevelDoesNotHave) {
  FakeReportSource source = OnePeriod();
  EXPECT_TRUE(
      Csv(Read(source, Level::kService)).starts_with("\nperiod_start,app,service,calls,errors,"));
  EXPECT_NE(Csv(Read(source, Level::kService)).find("+01:00,shop,HTTP,4,1,"), std::string::npos);
  EXPECT_TRUE(Csv(Read(source, Level::kApp)).starts_with("\nperiod_start,app,calls,errors,"));
  EXPECT_NE(Csv(Read(source, Level::kApp)).find("+01:00,shop,4,1,"), std::string::npos);
}

TEST(Records, NamesJsonFieldsAsCsvColumns) {
  FakeReportSource source = OnePeriod();
  EXPECT_EQ(Json(Read(source, Level::kApp)), R"(
[
{"period_start":"2026-11-22T10:00:00.000Z","app":"shop","calls":4,"errors":1,"error_rate":0.25,"apdex":0.75,"satisfied":3,"tolerating":0,"duration_sum_us":101,"mean_us":25.25,"min_us":10,"p50_us":20,"p75_us":30,"p90_us":41,"p95_us":41,"p99_us":41,"p999_us":41,"max_us":41,"exact":true,"run_id":1}
]
)");
}

TEST(Records, MarksMergedRowsAndGivesThemNoRun) {
  FakeReportSource source = OnePeriod();
  source.AddPeriod(5);
  source.AddCalls(kCart, {10});
  StatRequest request;
  request.scope.from_ms = 0;
  request.merge = true;
  const StatReport report = *ReadStatReport(source, request);
  EXPECT_NE(Csv(report).find(",5,1,0.2,0.8,4,0,111,22.2,10,20,30,41,41,41,41,41,0,\n"),
            std::string::npos)
      << Csv(report);
  EXPECT_NE(Json(report).find("\"exact\":false,\"run_id\":null}"), std::string::npos);
}

TEST(Records, WritesSlowCalls) {
  FakeReportSource source = OnePeriod();
  source.AddSlowCall(kCart, {.duration_us = 41,
                             .start_ms = kTenMs + 1250,
                             .error = true,
                             .trace_id = "4bf92f35",
                             .span_id = "-1"});
  const SlowReport report = *ReadSlowReport(source, {});
  EXPECT_EQ(Csv(report), R"(
period_start,app,service,method,duration_us,start_time,error,trace_id,span_id
2026-11-22T11:00:00.000+01:00,shop,HTTP,GET /cart,41,2026-11-22T11:00:01.250+01:00,1,4bf92f35,'-1
)");
  EXPECT_EQ(Json(report), R"(
[
{"period_start":"2026-11-22T10:00:00.000Z","app":"shop","service":"HTTP","method":"GET /cart","duration_us":41,"start_time":"2026-11-22T10:00:01.250Z","error":true,"trace_id":"4bf92f35","span_id":"-1"}
]
)");
}

TEST(Records, WritesPeriodsAndNoNumbersForWhatIsMissing) {
  FakeReportSource source = OnePeriod();
  PeriodReportRow& published = source.periods.back();
  published.coverage.expected = published.coverage.read = 7;
  published.coverage.rejected[RejectReason::kMissingDuration] = 2;
  published.coverage.rejected[RejectReason::kMalformed] = 1;
  published.unplaced = 5;
  source.AddPeriod(20, RunState::kFailed).reason = "index spans-2026-11-22 is gone, twice";
  PeriodsRequest request;
  request.scope.all = true;
  const PeriodsReport report = *ReadPeriodsReport(source, request);
  EXPECT_EQ(Csv(report), R"(
period_start,period_end,state,attempt,spans_expected,spans_read,spans_rejected,unplaced,calls,)"
                         R"(rejected_malformed,rejected_duplicate_field,rejected_wrong_type,)"
                         R"(rejected_missing_app,rejected_missing_method,rejected_missing_start,)"
                         R"(rejected_missing_duration,rejected_name_too_long,)"
                         R"(rejected_start_out_of_range,rejected_duration_negative,)"
                         R"(rejected_duration_too_long,rejected_duration_fraction,)"
                         R"(rejected_wrong_slot,rejected_record_too_long,)"
                         R"(rejected_wrong_encoding,rejected_weight_out_of_range,)"
                         R"(source,reason,run_id,published_at,periods
2026-11-22T11:00:00.000+01:00,2026-11-22T11:05:00.000+01:00,published,1,7,7,3,5,4,1,0,0,0,0,0,2,0,0,0,0,0,0,0,0,0,spans.ndjson,,1,2026-11-22T11:06:00.250+01:00,1
2026-11-22T11:05:00.000+01:00,2026-11-22T11:20:00.000+01:00,missing,,,,,,,,,,,,,,,,,,,,,,,,,,,3
2026-11-22T11:20:00.000+01:00,2026-11-22T11:25:00.000+01:00,failed,1,0,0,0,0,,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,spans.ndjson,"index spans-2026-11-22 is gone, twice",2,,1
)");
  EXPECT_NE(Json(report).find("\"state\":\"missing\",\"attempt\":null,"), std::string::npos);
}

TEST(Records, WriteOnlyAHeaderWhenThereIsNothing) {
  FakeReportSource source;
  EXPECT_EQ(Csv(*ReadSlowReport(source, {})),
            "\nperiod_start,app,service,method,duration_us,start_time,error,trace_id,span_id\n");
  EXPECT_EQ(Json(*ReadSlowReport(source, {})), "\n[]\n");
}

}  // namespace
}  // namespace tymbal::report
