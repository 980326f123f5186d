#include "report/text_renderer.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "common/text.h"
#include "report/fake_report_source.h"
#include "report/hostile_names.h"

namespace tymbal::report {
namespace {

const EndpointName kCart = {"frontend", "HTTP", "GET /cart"};
const EndpointName kOrder = {"order-service", "com.acme.order.OrderApi", "createOrder"};

template <typename Report>
std::string Text(const Report& report, size_t width = 120, bool colour = false) {
  std::ostringstream out;
  TextRenderer({width, colour}, TimeZone::Utc(), out).Write(report);
  return "\n" + out.str();
}

EndpointStat Stat() {
  EndpointStat stat;
  stat.calls = 1'234'567;
  stat.errors = 3'086;
  stat.satisfied = 1'190'000;
  stat.tolerating = 20'000;
  stat.duration_sum_us = 15'308'630'800;
  stat.min_us = 850;
  stat.max_us = 125'000'000;
  stat.percentile_us = {9'870, 11'400, 15'000, 22'000, 240'000, 1'240'000};
  return stat;
}

FakeReportSource TwoMethods() {
  FakeReportSource source;
  PeriodReportRow& period = source.AddPeriod(0);
  period.coverage.read = period.coverage.expected = 12'345;
  period.coverage.rejected[RejectReason::kMissingDuration] = 12;
  source.AddStat(Level::kMethod, kCart, Stat());
  EndpointStat stat = Stat();
  stat.calls = 7;
  stat.errors = 0;
  stat.satisfied = 7;
  stat.duration_sum_us = 1'500'000;
  stat.max_us = 1'241'000;
  stat.tolerating = 0;
  stat.exact = false;
  stat.percentile_us[4] = 1'240'000;
  source.AddStat(Level::kMethod, kOrder, stat);
  return source;
}

TEST(TextRenderer, ShowsMethodsAtTheWidthOfAFile) {
  FakeReportSource source = TwoMethods();
  EXPECT_EQ(Text(*ReadStatReport(source, {})), R"(
methods by p99; 2026-11-22 10:00:00Z to 2026-11-22 10:05:00Z; spans 12,345 of 12,345 read, 12 rejected

app            service                  method       calls  error rate  apdex     mean       p50      p99       max
order-service  com.acme.order.OrderApi  createOrder      7         0 %   1.00   214 ms  ~9.87 ms  ~1.24 s    1.24 s
frontend       HTTP                     GET /cart    1.2 M      0.25 %   0.97  12.4 ms   9.87 ms   240 ms  2 m 05 s

~ is taken from a histogram and off by at most 0.5 %; no room for errors, min, p75, p90, p95, p99.9, total
)");
}

TEST(TextRenderer, ShowsMethodsAt80Columns) {
  FakeReportSource source = TwoMethods();
  EXPECT_EQ(Text(*ReadStatReport(source, {}), 80), R"(
methods by p99; 2026-11-22 10:00:00Z to 2026-11-22 10:05:00Z
spans 12,345 of 12,345 read, 12 rejected

app            service                  method       calls  error rate      p99
order-service  com.acme.order.OrderApi  createOrder      7         0 %  ~1.24 s
frontend       HTTP                     GET /cart    1.2 M      0.25 %   240 ms

~ is taken from a histogram and off by at most 0.5 %
no room for errors, apdex, mean, min, p50, p75, p90, p95, p99.9, max, total
)");
}

TEST(TextRenderer, ShowsMethodsAt60Columns) {
  FakeReportSource source = TwoMethods();
  EXPECT_EQ(Text(*ReadStatReport(source, {}), 60), R"(
methods by p99; 2026-11-22 10:00:00Z to 2026-11-22 10:05:00Z
spans 12,345 of 12,345 read, 12 rejected

app            service           method       calls      p99
order-service  com.acme…rderApi  createOrder      7  ~1.24 s
frontend       HTTP              GET /cart    1.2 M   240 ms

~ is taken from a histogram and off by at most 0.5 %
no room for errors, error rate, apdex, mean, min, p50, p75,
p90, p95, p99.9, max, total
)");
}

TEST(TextRenderer, ShowsMethodsAt40Columns) {
  FakeReportSource source = TwoMethods();
  EXPECT_EQ(Text(*ReadStatReport(source, {}), 40), R"(
methods by p99
2026-11-22 10:00:00Z to 2026-11-22
10:05:00Z
spans 12,345 of 12,345 read, 12 rejected

app      service  method  calls      p99
ord…ice  com…Api  cre…er      7  ~1.24 s
fro…end  HTTP     GET…rt  1.2 M   240 ms

~ is taken from a histogram and off by
at most 0.5 %
no room for errors, error rate, apdex,
mean, min, p50, p75, p90, p95, p99.9,
max, total
)");
}

TEST(TextRenderer, KeepsTheColumnThatItSortsBy) {
  FakeReportSource source = TwoMethods();
  StatRequest request;
  request.sort = SortKey::kSum;
  request.limit = 1;
  EXPECT_EQ(Text(*ReadStatReport(source, request), 60), R"(
methods by sum; 2026-11-22 10:00:00Z to 2026-11-22 10:05:00Z
spans 12,345 of 12,345 read, 12 rejected

app       service  method     calls     p99     total
frontend  HTTP     GET /cart  1.2 M  240 ms  4 h 15 m

only the first row; --limit 0 shows all
no room for errors, error rate, apdex, mean, min, p50, p75,
p90, p95, p99.9, max
)");
}

TEST(TextRenderer, ShowsThePeriodOfEachRowInARange) {
  FakeReportSource source = TwoMethods();
  source.AddPeriod(5, RunState::kFailed);
  source.AddPeriod(20);
  source.AddStat(Level::kMethod, kCart, Stat());
  StatRequest request;
  request.scope.from_ms = kTenMs;
  request.sort = SortKey::kTime;
  request.names.app = "frontend";
  EXPECT_EQ(Text(*ReadStatReport(source, request), 80), R"(
methods by time; app "frontend"
2 periods, 2026-11-22 10:00:00Z to 2026-11-22 10:25:00Z
not published: 1 failed, 2 missing; spans 12,345 of 12,345 read, 12 rejected

period  app       service  method     calls  error rate      p50     p99
10:00   frontend  HTTP     GET /cart  1.2 M      0.25 %  9.87 ms  240 ms
10:20   frontend  HTTP     GET /cart  1.2 M      0.25 %  9.87 ms  240 ms

no room for errors, apdex, mean, min, p75, p90, p95, p99.9, max, total
)");
}

TEST(TextRenderer, SaysThatPeriodsAreMerged) {
  FakeReportSource source;
  source.AddPeriod(0);
  source.AddCalls(kCart, {100'000, 200'000}, 1);
  source.AddPeriod(5);
  source.AddCalls(kCart, {300'000});
  StatRequest request;
  request.level = Level::kApp;
  request.scope.from_ms = kTenMs;
  request.merge = true;
  EXPECT_EQ(Text(*ReadStatReport(source, request), 100), R"(
apps by p99, periods merged; 2 periods, 2026-11-22 10:00:00Z to 2026-11-22 10:10:00Z
spans 3 of 3 read, 0 rejected

app       calls  errors  error rate  apdex    mean      p50      p95      p99    p99.9     max
frontend      3       1      33.3 %   0.67  200 ms  ~200 ms  ~300 ms  ~300 ms  ~300 ms  300 ms

~ is taken from a histogram and off by at most 0.5 %; no room for min, p75, p90, total
)");
}

TEST(TextRenderer, SaysWhyThereAreNoRows) {
  FakeReportSource source = TwoMethods();
  StatRequest request;
  request.names.app = "x";
  EXPECT_EQ(Text(*ReadStatReport(source, request)), R"(
methods by p99; app "x"; 2026-11-22 10:00:00Z to 2026-11-22 10:05:00Z; spans 12,345 of 12,345 read, 12 rejected
no app "x" in this period
)");
  FakeReportSource empty;
  EXPECT_EQ(Text(*ReadSlowReport(empty, {})), R"(
slowest calls
the store holds no period yet
)");
  EXPECT_EQ(Text(*ReadPeriodsReport(empty, {})), R"(
periods; the store holds no period yet
)");
}

FakeReportSource SlowCalls() {
  FakeReportSource source = TwoMethods();
  source.AddSlowCall(kCart, {.duration_us = 125'000'000,
                             .start_ms = kTenMs + 1'250,
                             .error = true,
                             .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
                             .span_id = "00f067aa0ba902b7"});
  source.AddSlowCall(kOrder, {.duration_us = 98'000,
                              .start_ms = kTenMs + 62'000,
                              .error = false,
                              .trace_id = "af7651916cd43dd8448eb211c80319c5",
                              .span_id = "b7ad6b7169203331"});
  return source;
}

TEST(TextRenderer, ShowsSlowCalls) {
  FakeReportSource source = SlowCalls();
  EXPECT_EQ(Text(*ReadSlowReport(source, {})), R"(
slowest calls; 2026-11-22 10:00:00Z to 2026-11-22 10:05:00Z; spans 12,345 of 12,345 read, 12 rejected

duration  start         app            service                  method       error  trace_id
2 m 05 s  10:00:01.250  frontend       HTTP                     GET /cart    yes    4bf92f3577b34da6a3ce929d0e0e4736
 98.0 ms  10:01:02.000  order-service  com.acme.order.OrderApi  createOrder         af7651916cd43dd8448eb211c80319c5

no room for span_id
)");
  EXPECT_EQ(Text(*ReadSlowReport(source, {}), 80), R"(
slowest calls; 2026-11-22 10:00:00Z to 2026-11-22 10:05:00Z
spans 12,345 of 12,345 read, 12 rejected

duration  start         app            service                method       error
2 m 05 s  10:00:01.250  frontend       HTTP                   GET /cart    yes
 98.0 ms  10:01:02.000  order-service  com.acme.o…r.OrderApi  createOrder

no room for trace_id, span_id
)");
  EXPECT_EQ(Text(*ReadSlowReport(source, {}), 40), R"(
slowest calls
2026-11-22 10:00:00Z to 2026-11-22
10:05:00Z
spans 12,345 of 12,345 read, 12 rejected

duration  app     service  method  error
2 m 05 s  fro…nd  HTTP     GET…rt  yes
 98.0 ms  ord…ce  com…Api  cre…er

no room for start, trace_id, span_id
)");
}

FakeReportSource Periods() {
  FakeReportSource source = TwoMethods();
  source.periods.back().calls = 12'333;
  source.periods.back().unplaced = 3;
  source.AddPeriod(5).calls = 1'000;
  source.periods.back().coverage.read = source.periods.back().coverage.expected = 1'000;
  source.AddPeriod(30, RunState::kFailed).reason = "index spans-2026-11-22 not found";
  source.AddPeriod(35, RunState::kOpen);
  return source;
}

TEST(TextRenderer, ShowsPeriodsAndGaps) {
  FakeReportSource source = Periods();
  PeriodsRequest request;
  request.scope.all = true;
  EXPECT_EQ(Text(*ReadPeriodsReport(source, request)), R"(
8 periods, 2026-11-22 10:00:00Z to 2026-11-22 10:40:00Z: 2 published, 1 open, 1 failed, 4 missing
watermark 2026-11-22 10:10:00Z, the next period is missing; spans 13,345 of 13,345 read, 12 rejected, 3 unplaced

period  state         calls  spans read  expected  rejected  unplaced  attempt  source        notes
10:00   published    12,333      12,345    12,345        12         3        1  spans.ndjson  missing_duration 12
10:05   published     1,000       1,000     1,000         0         0        1  spans.ndjson
10:10   missing (4)                                                                           up to 2026-11-22 10:30:00Z
10:30   failed            -           0         0         0         0        1  spans.ndjson  index spans-2…22 not found
10:35   open              -           0         0         0         0        1  spans.ndjson
)");
  EXPECT_EQ(Text(*ReadPeriodsReport(source, request), 60), R"(
8 periods, 2026-11-22 10:00:00Z to 2026-11-22 10:40:00Z: 2
published, 1 open, 1 failed, 4 missing
watermark 2026-11-22 10:10:00Z, the next period is missing
spans 13,345 of 13,345 read, 12 rejected, 3 unplaced

period  state         calls  notes
10:00   published    12,333  missing_duration 12
10:05   published     1,000
10:10   missing (4)          up to 2026-11-22 10:30:00Z
10:30   failed            -  index spans-202…11-22 not found
10:35   open              -

no room for spans read, expected, rejected, unplaced,
attempt, source
)");
  EXPECT_EQ(Text(*ReadPeriodsReport(source, request), 40), R"(
8 periods, 2026-11-22 10:00:00Z to
2026-11-22 10:40:00Z: 2 published, 1
open, 1 failed, 4 missing
watermark 2026-11-22 10:10:00Z, the next
period is missing
spans 13,345 of 13,345 read, 12
rejected, 3 unplaced

period  state         calls
10:00   published    12,333
10:05   published     1,000
10:10   missing (4)
10:30   failed            -
10:35   open              -

no room for spans read, expected,
rejected, unplaced, attempt, source,
notes
)");
  request.limit = 2;
  EXPECT_EQ(Text(*ReadPeriodsReport(source, request), 80), R"(
8 periods, 2026-11-22 10:00:00Z to 2026-11-22 10:40:00Z: 2 published, 1 open, 1
failed, 4 missing; watermark 2026-11-22 10:10:00Z, the next period is missing
spans 13,345 of 13,345 read, 12 rejected, 3 unplaced

period  state   calls  spans read  expected  rejected  notes
10:30   failed      -           0         0         0  index spans-…22 not found
10:35   open        -           0         0         0

only the last 2 rows; --limit 0 shows all; no room for unplaced, attempt, source
)");
}

TEST(TextRenderer, UsesColoursOnlyWhenAsked) {
  FakeReportSource source = Periods();
  PeriodsRequest request;
  request.scope.all = true;
  EXPECT_EQ(Text(*ReadPeriodsReport(source, request)).find('\x1b'), std::string::npos);
  const std::string coloured = Text(*ReadPeriodsReport(source, request), 120, /*colour=*/true);
  EXPECT_NE(coloured.find("\x1b[31mmissing (4)"), std::string::npos);
  EXPECT_NE(coloured.find("\x1b[33mopen"), std::string::npos);
}

TEST(TextRenderer, KeepsEveryLineWithinTheWidth) {
  FakeReportSource source;
  for (int64_t minutes = 0; minutes < 20; minutes += 5) {
    source.AddPeriod(minutes).source = HostileNames()[3];
    for (const std::string& name : HostileNames()) {
      source.AddStat(Level::kMethod, {name, name, name}, Stat());
      source.AddSlowCall({name, name, name}, {1, kTenMs, false, name, name});
    }
  }
  source.AddPeriod(600, RunState::kFailed).reason = HostileNames()[3];
  StatRequest stats;
  stats.limit = 0;
  stats.scope.from_ms = kTenMs;
  SlowRequest slow;
  slow.limit = 0;
  PeriodsRequest periods;
  periods.scope.all = true;
  StatRequest nothing;
  nothing.names = {HostileNames()[3], HostileNames()[4], HostileNames()[11]};
  const StatReport stat_report = *ReadStatReport(source, stats);
  const SlowReport slow_report = *ReadSlowReport(source, slow);
  const PeriodsReport periods_report = *ReadPeriodsReport(source, periods);
  const StatReport empty_report = *ReadStatReport(source, nothing);
  for (size_t width = 40; width <= 200; width += 3) {
    std::istringstream lines(Text(stat_report, width) + Text(slow_report, width) +
                             Text(periods_report, width) + Text(empty_report, width));
    for (std::string line; std::getline(lines, line);) {
      ASSERT_LE(DisplayWidth(line), width) << line;
      ASSERT_EQ(line, Printable(line));
    }
  }
}

}  // namespace
}  // namespace tymbal::report
