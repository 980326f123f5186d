#include "report/report_query.h"

#include <gtest/gtest.h>

#include <string>

#include "report/fake_report_source.h"

namespace tymbal::report {
namespace {

const EndpointName kCart = {"shop", "HTTP", "GET /cart"};
const EndpointName kPay = {"pay", "HTTP", "POST /pay"};

/// Three published periods at 10:00, 10:05 and 10:10.
FakeReportSource ThreePeriods() {
  FakeReportSource source;
  source.AddPeriod(0);
  source.AddCalls(kCart, {10, 20});
  source.AddPeriod(5);
  source.AddCalls(kCart, {30});
  source.AddCalls(kPay, {1000});
  source.AddPeriod(10);
  source.AddCalls(kCart, {50, 70, 90});
  return source;
}

int64_t Minutes(int64_t minutes) { return kTenMs + minutes * kMinuteMs; }

/// "shop@0:2": app, minutes after ten and calls.
std::string Shown(const StatReport& report) {
  std::string text;
  for (const StatReportRow& row : report.rows) {
    if (!text.empty()) text += " ";
    text += row.row.name.app + "@" + std::to_string((row.period.start_ms - kTenMs) / kMinuteMs) +
            ":" + std::to_string(row.row.stat.calls);
  }
  return text;
}

StatReport Read(FakeReportSource& source, const StatRequest& request) {
  Result<StatReport> report = ReadStatReport(source, request);
  EXPECT_TRUE(report.has_value());
  return report.has_value() ? *report : StatReport();
}

TEST(ReportQuery, ReadsTheLastPublishedPeriodWhenNoneIsNamed) {
  FakeReportSource source = ThreePeriods();
  source.AddPeriod(15, RunState::kOpen);
  const StatReport report = Read(source, {});
  EXPECT_EQ(Shown(report), "shop@10:3");
  EXPECT_EQ(report.scope.extent, (Period{Minutes(10), Minutes(15)}));
  EXPECT_EQ(report.scope.counts, PeriodCounts{.published = 1});
  EXPECT_EQ(report.scope.coverage.read, 3u);
}

TEST(ReportQuery, CountsTheUnplacedRecordsOfAnInputOnce) {
  FakeReportSource source = ThreePeriods();
  for (PeriodReportRow& row : source.periods) row.unplaced = 7;
  source.periods.back().source = "other.ndjson";
  PeriodsRequest request;
  request.scope.all = true;
  EXPECT_EQ(ReadPeriodsReport(source, request)->scope.unplaced, 14U);
}

TEST(ReportQuery, FindsThePeriodThatHoldsAnInstant) {
  FakeReportSource source = ThreePeriods();
  for (const int64_t instant_ms : {Minutes(5), Minutes(7), Minutes(10) - 1}) {
    StatRequest request;
    request.scope.instant_ms = instant_ms;
    EXPECT_EQ(Shown(Read(source, request)), "pay@5:1 shop@5:1");
  }
}

TEST(ReportQuery, FindsALongPeriodFromItsLastMoment) {
  FakeReportSource source;
  Period& period = source.AddPeriod(0).period;
  period.end_ms = period.start_ms + 31LL * 24 * 60 * kMinuteMs;
  source.AddCalls(kCart, {1});
  StatRequest request;
  request.scope.instant_ms = period.end_ms - 1;
  EXPECT_EQ(Shown(Read(source, request)), "shop@0:1");
  request.scope.instant_ms = source.periods[0].period.end_ms;
  EXPECT_EQ(Shown(Read(source, request)), "");
}

TEST(ReportQuery, ReadsAHalfOpenRangeOfStarts) {
  FakeReportSource source = ThreePeriods();
  StatRequest request;
  request.sort = SortKey::kTime;
  request.scope.from_ms = Minutes(0);
  request.scope.to_ms = Minutes(10);
  EXPECT_EQ(Shown(Read(source, request)), "shop@0:2 pay@5:1 shop@5:1");
  request.scope.to_ms.reset();
  EXPECT_EQ(Shown(Read(source, request)), "shop@0:2 pay@5:1 shop@5:1 shop@10:3");
  request.scope.from_ms = Minutes(1);
  EXPECT_EQ(Shown(Read(source, request)), "pay@5:1 shop@5:1 shop@10:3");
}

TEST(ReportQuery, CountsTheLastHoursFromTheEndOfTheLastPublishedPeriod) {
  FakeReportSource source = ThreePeriods();
  source.AddPeriod(60, RunState::kFailed);
  StatRequest request;
  request.sort = SortKey::kTime;
  request.scope.last_ms = 10 * kMinuteMs;
  EXPECT_EQ(Shown(Read(source, request)), "pay@5:1 shop@5:1 shop@10:3");
  request.scope.last_ms = INT64_MAX;
  EXPECT_EQ(Shown(Read(source, request)), "shop@0:2 pay@5:1 shop@5:1 shop@10:3");
}

TEST(ReportQuery, RefusesARangeThatContradictsItself) {
  FakeReportSource source = ThreePeriods();
  const auto code = [&source](const ScopeRequest& scope) {
    StatRequest request;
    request.scope = scope;
    const Result<StatReport> report = ReadStatReport(source, request);
    return report.has_value() ? StatusCode::kOk : report.error().code();
  };
  EXPECT_EQ(code({.from_ms = 1, .to_ms = 1}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.instant_ms = 1, .from_ms = 1}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.to_ms = 1, .last_ms = 1}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.last_ms = 0}), StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.from_ms = 1, .to_ms = 2}), StatusCode::kOk);
}

TEST(ReportQuery, RefusesNamesThatTheLevelDoesNotHave) {
  FakeReportSource source = ThreePeriods();
  StatRequest request;
  request.level = Level::kApp;
  request.names.service = "HTTP";
  EXPECT_EQ(ReadStatReport(source, request).error().code(), StatusCode::kInvalidArgument);
  request.level = Level::kService;
  EXPECT_EQ(Shown(Read(source, request)), "shop@10:3");
  request.names.method = "GET /cart";
  EXPECT_EQ(ReadStatReport(source, request).error().code(), StatusCode::kInvalidArgument);
}

TEST(ReportQuery, SaysWhenTheLimitLeftRowsOut) {
  FakeReportSource source = ThreePeriods();
  StatRequest request;
  request.scope.instant_ms = Minutes(5);
  request.limit = 1;
  StatReport report = Read(source, request);
  EXPECT_EQ(Shown(report), "pay@5:1");
  EXPECT_TRUE(report.more);
  request.limit = 2;
  report = Read(source, request);
  EXPECT_EQ(report.rows.size(), 2u);
  EXPECT_FALSE(report.more);
  request.limit = 0;
  EXPECT_EQ(Read(source, request).rows.size(), 2u);
}

TEST(ReportQuery, MergesThePeriodsOfARange) {
  FakeReportSource source = ThreePeriods();
  StatRequest request;
  request.scope.from_ms = Minutes(0);
  request.merge = true;
  request.sort = SortKey::kCalls;
  const StatReport report = Read(source, request);
  EXPECT_EQ(Shown(report), "shop@0:6 pay@0:1");
  EXPECT_EQ(report.rows[0].period, (Period{Minutes(0), Minutes(15)}));
  EXPECT_EQ(report.rows[0].row.stat.percentile_us[0], 30u);
  EXPECT_FALSE(report.rows[0].row.stat.exact);
  EXPECT_TRUE(report.rows[1].row.stat.exact);
  EXPECT_FALSE(report.RunOf(report.rows[0]).has_value());
  request.limit = 1;
  EXPECT_EQ(Shown(Read(source, request)), "shop@0:6");
  EXPECT_TRUE(Read(source, request).more);
}

TEST(ReportQuery, LeavesOnePeriodExactWhenItMerges) {
  FakeReportSource source = ThreePeriods();
  StatRequest request;
  request.merge = true;
  const StatReport report = Read(source, request);
  EXPECT_EQ(Shown(report), "shop@10:3");
  EXPECT_TRUE(report.rows[0].row.stat.exact);
  EXPECT_EQ(report.RunOf(report.rows[0]), RunId{3});
}

TEST(ReportQuery, SaysWhichPeriodsOfARangeAreNotThere) {
  FakeReportSource source;
  source.AddPeriod(-60);
  source.AddPeriod(10);
  source.AddCalls(kCart, {1});
  source.AddPeriod(15, RunState::kFailed);
  source.AddPeriod(20, RunState::kOpen);
  source.AddPeriod(60);
  StatRequest request;
  request.scope.from_ms = Minutes(0);  // Both ends lie in gaps.
  request.scope.to_ms = Minutes(30);
  const StatReport report = Read(source, request);
  EXPECT_EQ(Shown(report), "shop@10:1");
  EXPECT_EQ(report.scope.counts,
            (PeriodCounts{.published = 1, .open = 1, .failed = 1, .missing = 3}));
  EXPECT_EQ(report.RunOf(report.rows[0]), RunId{2});
}

TEST(ReportQuery, SaysWhichNameIsUnknown) {
  FakeReportSource source = ThreePeriods();
  const auto unknown = [&source](const NameFilter& names) {
    StatRequest request;
    request.names = names;
    return Read(source, request).unknown;
  };
  EXPECT_EQ(unknown({.app = "shop"}), UnknownName::kNone);
  EXPECT_EQ(unknown({.app = "pay"}), UnknownName::kApp);  // Not in this period.
  EXPECT_EQ(unknown({.app = "shop", .service = "gRPC"}), UnknownName::kService);
  EXPECT_EQ(unknown({.app = "shop", .service = "HTTP", .method = "x"}), UnknownName::kMethod);
  EXPECT_EQ(unknown({.service = "gRPC"}), UnknownName::kService);
  EXPECT_EQ(unknown({.method = "x"}), UnknownName::kMethod);
}

TEST(ReportQuery, KnowsWhatTheStoreHoldsWhenTheRangeIsEmpty) {
  FakeReportSource source = ThreePeriods();
  StatRequest request;
  request.scope.from_ms = Minutes(100);
  EXPECT_EQ(Read(source, request).scope.known, (Period{Minutes(0), Minutes(15)}));
  FakeReportSource empty;
  EXPECT_FALSE(Read(empty, {}).scope.known.has_value());
}

TEST(ReportQuery, ReadsAgainWhenAPeriodIsPublishedAnewMeanwhile) {
  FakeReportSource source = ThreePeriods();
  int reads = 0;
  source.after_read_stats = [&] {
    if (++reads == 1) source.periods[2].run = RunId{77};
  };
  const StatReport report = Read(source, {});
  EXPECT_EQ(reads, 2);
  EXPECT_EQ(report.RunOf(report.rows[0]), RunId{77});
}

TEST(ReportQuery, GivesUpWhenPeriodsArePublishedAnewForEver) {
  FakeReportSource source = ThreePeriods();
  source.after_read_stats = [&] { ++source.periods[2].run.value; };
  const Result<StatReport> report = ReadStatReport(source, {});
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code(), StatusCode::kUnavailable);
}

TEST(ReportQuery, PassesErrorsOfTheStoreOn) {
  FakeReportSource source = ThreePeriods();
  source.error = Unavailable("locked");
  EXPECT_EQ(ReadStatReport(source, {}).error().message(), "locked");
  EXPECT_EQ(ReadSlowReport(source, {}).error().message(), "locked");
  EXPECT_EQ(ReadPeriodsReport(source, {}).error().message(), "locked");
}

TEST(ReportQuery, ReadsTheSlowestCallsLongestFirst) {
  FakeReportSource source = ThreePeriods();
  source.AddSlowCall(kCart, {70, 1, false, "", ""});
  source.AddSlowCall(kCart, {90, 2, false, "", ""});
  source.AddSlowCall(kPay, {80, 3, false, "", ""});
  SlowRequest request;
  request.limit = 2;
  Result<SlowReport> report = ReadSlowReport(source, request);
  ASSERT_TRUE(report.has_value());
  ASSERT_EQ(report->rows.size(), 2u);
  EXPECT_EQ(report->rows[0].call.duration_us, 90u);
  EXPECT_EQ(report->rows[1].call.duration_us, 80u);
  EXPECT_TRUE(report->more);
  request.names.app = "nobody";
  EXPECT_EQ(ReadSlowReport(source, request)->unknown, UnknownName::kApp);
}

TEST(ReportQuery, ShowsTheNewestPeriodsWhenTheLimitIsReached) {
  FakeReportSource source;
  for (const int64_t minutes : {0, 5, 30, 35}) source.AddPeriod(minutes);
  PeriodsRequest request;
  request.scope.all = true;
  request.limit = 3;
  const Result<PeriodsReport> report = ReadPeriodsReport(source, request);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->scope.timeline.size(), 5u);
  EXPECT_EQ(report->hidden, 2u);
  EXPECT_EQ(report->watermark.time_ms, Minutes(10));
}

TEST(ReportQuery, FindsTheWatermarkOutsideOfTheRange) {
  FakeReportSource source;
  for (const int64_t minutes : {0, 5, 30, 35}) source.AddPeriod(minutes);
  PeriodsRequest request;
  request.scope.all = true;
  request.scope.from_ms = Minutes(20);
  const Result<PeriodsReport> report = ReadPeriodsReport(source, request);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->scope.counts, (PeriodCounts{.published = 2, .missing = 2}));
  EXPECT_EQ(report->watermark.time_ms, Minutes(10));
}

}  // namespace
}  // namespace tymbal::report
