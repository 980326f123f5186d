#include "report/explain.h"

#include <gtest/gtest.h>

#include <string>

#include "report/fake_report_source.h"

namespace tymbal::report {
namespace {

const EndpointName kCart = {"shop", "HTTP", "GET /cart"};

std::string Explained(FakeReportSource& source, const StatRequest& request) {
  const Result<StatReport> report = ReadStatReport(source, request);
  EXPECT_TRUE(report.has_value());
  return ExplainEmpty(*report, TimeZone::Utc());
}

std::string Explained(FakeReportSource& source, const ScopeRequest& scope) {
  StatRequest request;
  request.scope = scope;
  return Explained(source, request);
}

std::string Explained(FakeReportSource& source, const NameFilter& names) {
  StatRequest request;
  request.names = names;
  return Explained(source, request);
}

TEST(Explain, SaysThatAStoreIsEmpty) {
  FakeReportSource source;
  EXPECT_EQ(Explained(source, ScopeRequest()), "the store holds no period yet");
  PeriodsReport periods = *ReadPeriodsReport(source, {});
  EXPECT_EQ(ExplainEmpty(periods, TimeZone::Utc()), "the store holds no period yet");
}

TEST(Explain, SaysWhatTheStoreHoldsInstead) {
  FakeReportSource source;
  source.AddPeriod(0);
  source.AddPeriod(20, RunState::kOpen);
  source.AddPeriod(25, RunState::kFailed).reason = "index\ngone";
  const std::string holds = "; the store holds 2026-11-22 10:00:00Z to 2026-11-22 10:30:00Z";
  EXPECT_EQ(Explained(source, ScopeRequest{.instant_ms = kTenMs + 7 * kMinuteMs}),
            "no period holds 2026-11-22 10:07:00Z" + holds);
  EXPECT_EQ(Explained(source, ScopeRequest{.instant_ms = kTenMs + 21 * kMinuteMs}),
            "the period 2026-11-22 10:20:00Z to 2026-11-22 10:25:00Z is open" + holds);
  EXPECT_EQ(
      Explained(source, ScopeRequest{.instant_ms = kTenMs + 26 * kMinuteMs}),
      "the period 2026-11-22 10:25:00Z to 2026-11-22 10:30:00Z is failed: index\\x0agone" + holds);
  EXPECT_EQ(
      Explained(source, ScopeRequest{.from_ms = kTenMs + 1, .to_ms = kTenMs + 60 * kMinuteMs}),
      "no published period in 2026-11-22 10:00:00.001Z to 2026-11-22 11:00:00Z; there: 1 open,"
      " 1 failed, 3 missing" +
          holds);
  EXPECT_EQ(Explained(source, ScopeRequest{.from_ms = kTenMs + 60 * kMinuteMs}),
            "no published period from 2026-11-22 11:00:00Z" + holds);
  EXPECT_EQ(Explained(source, ScopeRequest{.to_ms = kTenMs}),
            "no published period before 2026-11-22 10:00:00Z" + holds);
}

TEST(Explain, SaysThatNothingIsPublishedYet) {
  FakeReportSource source;
  source.AddPeriod(0, RunState::kOpen);
  EXPECT_EQ(Explained(source, ScopeRequest()),
            "no period is published yet; the store holds 2026-11-22 10:00:00Z to 2026-11-22 "
            "10:05:00Z");
}

TEST(Explain, NamesWhatIsUnknown) {
  FakeReportSource source;
  source.AddPeriod(0);
  source.AddCalls(kCart, {1});
  EXPECT_EQ(Explained(source, NameFilter{.app = "x\x1b[m"}), "no app \"x\\x1b[m\" in this period");
  EXPECT_EQ(Explained(source, NameFilter{.app = "shop", .service = "x"}),
            "no service \"x\" of app \"shop\" in this period");
  EXPECT_EQ(Explained(source, NameFilter{.app = "shop", .service = "HTTP", .method = "x"}),
            "no method \"x\" of app \"shop\", service \"HTTP\" in this period");
  EXPECT_EQ(
      Explained(source, NameFilter{.method = std::string(4096, 'x')}),
      "no method \"" + std::string(30, 'x') + "…" + std::string(29, 'x') + "\" in this period");
  source.AddPeriod(5);
  StatRequest request;
  request.scope.from_ms = kTenMs;
  request.names.app = "x";
  EXPECT_EQ(Explained(source, request), "no app \"x\" in these periods");
}

TEST(Explain, TellsNoSpansFromRejectedSpans) {
  FakeReportSource source;
  PeriodReportRow& period = source.AddPeriod(0);
  EXPECT_EQ(Explained(source, ScopeRequest()), "no calls in this period: the source held no spans");
  period.coverage.read = period.coverage.expected = 1234;
  period.coverage.rejected[RejectReason::kMissingStart] = 1234;
  EXPECT_EQ(Explained(source, ScopeRequest()),
            "no calls in this period: all 1,234 spans were rejected; the report on periods says "
            "why");
  period.coverage.read = period.coverage.expected = 1235;
  EXPECT_EQ(Explained(source, ScopeRequest()), "no calls in this period");
  const SlowReport slow = *ReadSlowReport(source, {});
  EXPECT_EQ(ExplainEmpty(slow, TimeZone::Utc()), "no slow calls in this period");
}

}  // namespace
}  // namespace tymbal::report
