#include "cli/report_command.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/open_store.h"
#include "report/fake_report_source.h"

namespace tymbal::cli {
namespace {

using report::FakeReportSource;
using report::kTenMs;

const EndpointName kCart = {"shop", "HTTP", "GET /cart"};

/// What a run of the command wrote and returned.
struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

Outcome Report(const FakeReportSource& source, const ReportOptions& options,
               const OutputDevice& device = {}) {
  std::ostringstream out;
  std::ostringstream err;
  const auto open = [&source](const std::string&) -> Result<std::unique_ptr<ReportSource>> {
    return std::unique_ptr<ReportSource>(std::make_unique<FakeReportSource>(source));
  };
  const int exit_code = RunReport(options, device, open, out, err);
  return {exit_code, out.str(), err.str()};
}

FakeReportSource OnePeriod() {
  FakeReportSource source;
  source.AddPeriod(0);
  source.AddCalls(kCart, {1'000, 2'000});
  source.AddCalls({"pay", "", "POST /pay"}, {3'000});
  source.AddSlowCall(kCart, {2'000, kTenMs, false, "", ""});
  return source;
}

size_t Lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(ReportCommand, WritesEveryReportInEveryFormat) {
  for (const char* view : {"methods", "services", "apps", "slow", "periods"}) {
    for (const char* format : {"table", "csv", "json"}) {
      ReportOptions options;
      options.view = view;
      options.format = format;
      const Outcome outcome = Report(OnePeriod(), options);
      EXPECT_EQ(outcome.exit_code, kExitOk);
      EXPECT_EQ(outcome.err, "");
      EXPECT_NE(outcome.out.find("2026-11-22"), std::string::npos) << view << " " << format;
    }
  }
}

TEST(ReportCommand, UsesTheZoneThatItIsGiven) {
  ReportOptions options;
  options.tz = "Europe/Berlin";
  options.period = "2026-11-22T11:04+01:00";
  EXPECT_NE(Report(OnePeriod(), options).out.find("2026-11-22 11:00:00+01:00"), std::string::npos);
}

TEST(ReportCommand, LimitsTablesButNoExports) {
  FakeReportSource source;
  source.AddPeriod(0);
  for (int i = 0; i < 30; ++i) source.AddCalls({"app" + std::to_string(i), "s", "m"}, {1});
  ReportOptions options;
  EXPECT_NE(Report(source, options).out.find("only the first 20 rows; --limit 0 shows all"),
            std::string::npos);
  options.format = "csv";
  EXPECT_EQ(Lines(Report(source, options).out), 31u);
  options.limit = 3;
  EXPECT_EQ(Lines(Report(source, options).out), 4u);
  options.format = "table";
  options.limit = 0;
  EXPECT_EQ(Report(source, options).out.find("--limit"), std::string::npos);
}

TEST(ReportCommand, FiltersByAnEmptyName) {
  ReportOptions options;
  options.service = "";
  options.format = "csv";
  const Outcome outcome = Report(OnePeriod(), options);
  EXPECT_EQ(Lines(outcome.out), 2u);
  EXPECT_NE(outcome.out.find(",pay,,POST /pay,"), std::string::npos);
}

TEST(ReportCommand, SaysOnStandardErrorWhyAnExportIsEmpty) {
  ReportOptions options;
  options.app = "x";
  options.format = "json";
  Outcome outcome = Report(OnePeriod(), options);
  EXPECT_EQ(outcome.exit_code, kExitOk);
  EXPECT_EQ(outcome.out, "[]\n");
  EXPECT_EQ(outcome.err, "tymbal report: no app \"x\" in this period\n");
  options.format = "table";
  outcome = Report(OnePeriod(), options);
  EXPECT_EQ(outcome.exit_code, kExitOk);
  EXPECT_NE(outcome.out.find("no app \"x\" in this period\n"), std::string::npos);
  EXPECT_EQ(outcome.err, "");
}

TEST(ReportCommand, NamesTheOptionThatIsWrong) {
  const auto error = [](auto set) {
    ReportOptions options;
    set(options);
    const Outcome outcome = Report(OnePeriod(), options);
    EXPECT_EQ(outcome.exit_code, kExitUsage);
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_EQ(error([](ReportOptions& o) { o.view = "method"; }),
            "tymbal report: there is no report 'method'; write one of methods, services, apps, "
            "slow, periods\n");
  EXPECT_EQ(error([](ReportOptions& o) { o.format = "xml"; }),
            "tymbal report: there is no format 'xml'; write one of table, csv, json\n");
  EXPECT_EQ(error([](ReportOptions& o) { o.period = "noon"; }),
            "tymbal report: --period: 'noon' is no time; write for instance 2026-11-22T10:00Z\n");
  EXPECT_EQ(error([](ReportOptions& o) { o.last = "a day"; }),
            "tymbal report: --last: 'a day' is no duration; write a whole number and ms, s, m, h "
            "or d, for instance 5m\n");
  EXPECT_EQ(error([](ReportOptions& o) {
              o.from = "2026-11-22";
              o.last = "1d";
            }),
            "tymbal report: give only one of period, from with to, and last\n");
  EXPECT_EQ(error([](ReportOptions& o) {
              o.from = "2026-11-22";
              o.to = "2026-11-22";
            }),
            "tymbal report: from must be before to\n");
  EXPECT_EQ(error([](ReportOptions& o) { o.width = 39; }),
            "tymbal report: --width: must be between 40 and 1000\n");
  EXPECT_EQ(error([](ReportOptions& o) { o.limit = -1; }),
            "tymbal report: --limit: must be 0, which means all, or more\n");
  EXPECT_TRUE(error([](ReportOptions& o) {
                o.tz = "Mars\x1b";
              }).starts_with("tymbal report: --tz: 'Mars\\x1b' is no time zone;"));
  EXPECT_TRUE(error([](ReportOptions& o) {
                o.sort = "p98";
              }).starts_with("tymbal report: --sort: can't sort by 'p98';"));
}

TEST(ReportCommand, RefusesOptionsThatAReportHasNoUseFor) {
  const auto error = [](const char* view, auto set) {
    ReportOptions options;
    options.view = view;
    set(options);
    const Outcome outcome = Report(OnePeriod(), options);
    EXPECT_EQ(outcome.exit_code, kExitUsage);
    return outcome.err;
  };
  EXPECT_EQ(error("apps", [](ReportOptions& o) { o.service = "x"; }),
            "tymbal report: report apps has no use for --service; leave it out\n");
  EXPECT_EQ(error("services", [](ReportOptions& o) { o.method = "x"; }),
            "tymbal report: report services has no use for --method; leave it out\n");
  EXPECT_EQ(error("slow", [](ReportOptions& o) { o.sort = "p99"; }),
            "tymbal report: report slow has no use for --sort; leave it out\n");
  EXPECT_EQ(error("periods", [](ReportOptions& o) { o.merge = true; }),
            "tymbal report: report periods has no use for --merge; leave it out\n");
}

TEST(ReportCommand, FailsWhenTheStoreFails) {
  FakeReportSource source = OnePeriod();
  source.error = Unavailable("'tymbal.db' is locked by another process");
  const Outcome outcome = Report(source, {});
  EXPECT_EQ(outcome.exit_code, kExitFailed);
  EXPECT_EQ(outcome.err, "tymbal report: 'tymbal.db' is locked by another process\n");
}

TEST(ReportCommand, FailsWhenTheOutputCannotBeWritten) {
  const auto open = [](const std::string&) -> Result<std::unique_ptr<ReportSource>> {
    return std::unique_ptr<ReportSource>(std::make_unique<FakeReportSource>(OnePeriod()));
  };
  std::ofstream full("/dev/full");
  std::ostringstream err;
  EXPECT_EQ(RunReport({}, {}, open, full, err), kExitFailed);
  EXPECT_EQ(err.str(), "tymbal report: the report could not be written; is the disk full?\n");
}

TEST(ReportCommand, UsesTheTerminalsWidthAndColour) {
  ReportOptions options;
  std::istringstream lines(Report(OnePeriod(), options, {.colour = false, .width = 40}).out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 44u) << line;
  EXPECT_NE(Report(OnePeriod(), options, {.colour = true, .width = 80}).out.find("\x1b[1m"),
            std::string::npos);
  options.format = "csv";
  EXPECT_EQ(Report(OnePeriod(), options, {.colour = true, .width = 80}).out.find('\x1b'),
            std::string::npos);
}

/// Parses a command line; the store it names doesn't exist, so running ends with kExitFailed.
int Parse(std::vector<std::string> arguments) {
  CLI::App root;
  int exit_code = -1;
  AddReportCommand(root, &exit_code);
  std::reverse(arguments.begin(), arguments.end());
  try {
    root.parse(arguments);
  } catch (const CLI::ParseError&) {
    return -2;
  }
  return exit_code;
}

TEST(ReportCommand, RunsWhenTheCommandLineNamesIt) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Parse({"report", "methods", "--store", "/nonexistent/tymbal.db", "--service", "",
                   "--limit", "0", "--merge", "--last", "24h"}),
            kExitFailed);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "tymbal report: there is no result store '/nonexistent/tymbal.db'; name one with "
            "--store or TYMBAL_STORE\n");
  EXPECT_EQ(Parse({"report"}), -2);
  EXPECT_EQ(Parse({"report", "methods", "--limit", "many"}), -2);
  EXPECT_EQ(Parse({"report", "methods", "--nonsense"}), -2);
}

TEST(ReportCommand, TakesAnEmptyNameFromTheCommandLine) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Parse({"report", "apps", "--service", ""}), kExitUsage);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "tymbal report: report apps has no use for --service; leave it out\n");
}

TEST(OpenStore, NeverShowsAUrl) {
  for (const char* store : {"mysql://root:secret@db/tymbal", "postgres://root:secret@db/tymbal"}) {
    const auto source = OpenReportSource(store);
    ASSERT_FALSE(source.has_value());
    EXPECT_EQ(source.error().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(source.error().message().find("secret"), std::string::npos);
    EXPECT_FALSE(OpenResultStore(store, /*create=*/true).has_value());
  }
  const Status status = OpenReportSource("mysql://root:secret@db/tymbal").error();
  EXPECT_NE(status.message().find("password_file"), std::string::npos) << "says the cure";
}

TEST(OpenStore, MakesNoStoreWhenItOnlyReads) {
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) / "report_open_store_test.db";
  std::filesystem::remove(path);
  EXPECT_EQ(OpenReportSource(path).error().code(), StatusCode::kNotFound);
  EXPECT_EQ(OpenResultStore(path, /*create=*/false).error().code(), StatusCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE(OpenResultStore(path, /*create=*/true).has_value());
  const auto source = OpenReportSource(path);
  ASSERT_TRUE(source.has_value());
  EXPECT_FALSE((*source)->LastPublishedStart()->has_value());
  std::filesystem::remove(path);
}

/// Publishes a period of five minutes at `start_ms` with one call of each duration.
void Publish(ResultStore& store, int64_t start_ms, const std::vector<uint64_t>& durations_us) {
  FakeReportSource calls;
  calls.AddPeriod((start_ms - kTenMs) / report::kMinuteMs);
  calls.AddCalls(kCart, durations_us);
  std::vector<StatRow> methods;
  std::vector<StatRow> rollup;
  for (const StatReportRow& row : calls.stats) {
    (row.row.level == Level::kMethod ? methods : rollup).push_back(row.row);
  }
  methods[0].slowest = {{durations_us[0], start_ms, false, "trace", "span"}};
  std::sort(rollup.begin(), rollup.end(),
            [](const StatRow& a, const StatRow& b) { return a.endpoint_id < b.endpoint_id; });

  const Epoch epoch = *store.TakeEpoch(NodeId{"node"});
  RunPlan plan;
  plan.period = calls.periods[0].period;
  plan.fragments = {{{0, plan.slots}, NodeId{"node"}}};
  const RunRecord run = *store.PlanRun(epoch, plan);
  FragmentCommit commit;
  commit.run = run.id;
  commit.token = run.fragments[0].token;
  commit.coverage = calls.periods[0].coverage;
  commit.rows = &methods;
  ASSERT_TRUE(store.CommitFragment(commit).has_value());
  ASSERT_TRUE(store.PublishRun(epoch, run.id, {rollup}).ok());
}

TEST(ReportCommand, ReadsAStoreOnDisk) {
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) / "report_command_test.db";
  std::filesystem::remove(path);
  {
    const auto store = OpenResultStore(path, /*create=*/true);
    ASSERT_TRUE(store.has_value());
    Publish(**store, kTenMs, {4'000, 1'000, 2'000});
    Publish(**store, kTenMs + report::kFiveMinutesMs, {3'000});
    Publish(**store, kTenMs + 4 * report::kFiveMinutesMs, {5'000});
  }
  ReportOptions options;
  options.store = path;
  options.format = "csv";
  const auto report = [&options] {
    std::ostringstream out;
    std::ostringstream err;
    EXPECT_EQ(RunReport(options, {}, OpenReportSource, out, err), kExitOk) << err.str();
    return out.str();
  };
  for (const char* view : {"methods", "services", "apps"}) {
    options.view = view;
    EXPECT_NE(report().find("\r\n2026-11-22T10:20:00.000Z,shop,"), std::string::npos) << report();
  }
  options.view = "methods";
  options.from = "2026-11-22";
  options.merge = true;
  EXPECT_NE(report().find(",shop,HTTP,GET /cart,5,0,0,1,5,0,15000,3000,1000,"), std::string::npos)
      << report();
  options.merge = false;
  options.view = "slow";
  EXPECT_EQ(Lines(report()), 4u);
  options.view = "periods";
  EXPECT_NE(report().find("2026-11-22T10:10:00.000Z,2026-11-22T10:20:00.000Z,missing,"),
            std::string::npos)
      << report();
  options.view = "slow";
  options.period = "2026-11-22T10:09:59.999Z";
  options.from.reset();
  options.format = "json";
  EXPECT_NE(report().find("\"duration_us\":3000,"), std::string::npos) << report();
  std::filesystem::remove(path);
}

TEST(OpenStore, RefusesAPathThatIsNoFile) {
  EXPECT_EQ(OpenReportSource("").error().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(OpenReportSource(testing::TempDir()).error().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tymbal::cli
