#include "cli/report_command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/open_store.h"
#include "common/period.h"
#include "common/time_text.h"
#include "report/csv.h"
#include "report/explain.h"
#include "report/json.h"
#include "report/records.h"
#include "report/report_query.h"
#include "report/text_renderer.h"

namespace tymbal::cli {
namespace {

constexpr int64_t kTableLimit = 20;
constexpr int64_t kWidthMin = 40;
constexpr int64_t kWidthMax = 1000;

enum class View { kMethods, kServices, kApps, kSlow, kPeriods };
enum class Format { kTable, kCsv, kJson };

template <typename T>
using Names = std::vector<std::pair<std::string_view, T>>;

const Names<View>& ViewNames() {
  static const Names<View> kNames = {{"methods", View::kMethods},
                                     {"services", View::kServices},
                                     {"apps", View::kApps},
                                     {"slow", View::kSlow},
                                     {"periods", View::kPeriods}};
  return kNames;
}

const Names<Format>& FormatNames() {
  static const Names<Format> kNames = {
      {"table", Format::kTable}, {"csv", Format::kCsv}, {"json", Format::kJson}};
  return kNames;
}

template <typename T>
Result<T> ParseName(const Names<T>& names, std::string_view what, const std::string& text) {
  std::string known;
  for (const auto& [name, value] : names) {
    if (name == text) return value;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return InvalidArgument("there is no " + std::string(what) + " '" + text + "'; write one of " +
                         known);
}

/// The options with their meaning.
struct Plan {
  View view = View::kMethods;
  Format format = Format::kTable;
  TimeZone zone;
  report::ScopeRequest scope;
  report::NameFilter names;
  SortKey sort = SortKey::kP99;
  size_t limit = 0;
  bool merge = false;
  report::TextStyle style;
};

/// Parses an option that may not be given.
template <typename T, typename Parse>
Status ParseOptional(const std::optional<std::string>& text, std::string_view option, Parse parse,
                     std::optional<T>* value) {
  if (!text) return Status::Ok();
  Result<T> parsed = parse(*text);
  if (!parsed.has_value()) return parsed.error().WithContext(option);
  *value = *parsed;
  return Status::Ok();
}

Status ParseScope(const ReportOptions& options, View view, report::ScopeRequest* scope) {
  TYMBAL_RETURN_IF_ERROR(
      ParseOptional(options.period, "--period", ParseTimeMs, &scope->instant_ms));
  TYMBAL_RETURN_IF_ERROR(ParseOptional(options.from, "--from", ParseTimeMs, &scope->from_ms));
  TYMBAL_RETURN_IF_ERROR(ParseOptional(options.to, "--to", ParseTimeMs, &scope->to_ms));
  TYMBAL_RETURN_IF_ERROR(ParseOptional(options.last, "--last", ParseDurationMs, &scope->last_ms));
  scope->all = view == View::kPeriods;
  return report::CheckScope(*scope);
}

/// Refuses options that the view has no use for: ignored, they would look as if they had worked.
Status CheckUse(const ReportOptions& options, View view) {
  const bool stats = view != View::kSlow && view != View::kPeriods;
  struct Use {
    bool given;
    bool useful;
    std::string_view option;
  };
  const std::array<Use, 5> uses = {
      {{options.app.has_value(), view != View::kPeriods, "--app"},
       {options.service.has_value(), view != View::kPeriods && view != View::kApps, "--service"},
       {options.method.has_value(), view == View::kMethods || view == View::kSlow, "--method"},
       {options.sort.has_value(), stats, "--sort"},
       {options.merge, stats, "--merge"}}};
  for (const Use& use : uses) {
    if (use.given && !use.useful) {
      return InvalidArgument("report " + options.view + " has no use for " +
                             std::string(use.option) + "; leave it out");
    }
  }
  return Status::Ok();
}

Result<Plan> ParseOptions(const ReportOptions& options, const OutputDevice& device) {
  Plan plan;
  TYMBAL_ASSIGN_OR_RETURN(plan.view, ParseName(ViewNames(), "report", options.view));
  TYMBAL_ASSIGN_OR_RETURN(plan.format, ParseName(FormatNames(), "format", options.format));
  TYMBAL_RETURN_IF_ERROR(CheckUse(options, plan.view));
  Result<TimeZone> zone = TimeZone::Find(options.tz);
  if (!zone.has_value()) return zone.error().WithContext("--tz");
  plan.zone = *zone;
  TYMBAL_RETURN_IF_ERROR(ParseScope(options, plan.view, &plan.scope));
  plan.names = {options.app, options.service, options.method};
  if (options.sort) {
    Result<SortKey> sort = ParseSortKey(*options.sort);
    if (!sort.has_value()) return sort.error().WithContext("--sort");
    plan.sort = *sort;
  }
  const int64_t limit = options.limit.value_or(plan.format == Format::kTable ? kTableLimit : 0);
  if (limit < 0) return InvalidArgument("--limit: must be 0, which means all, or more");
  plan.limit = static_cast<size_t>(limit);
  plan.merge = options.merge;
  if (options.width && (*options.width < kWidthMin || *options.width > kWidthMax)) {
    return InvalidArgument("--width: must be between " + std::to_string(kWidthMin) + " and " +
                           std::to_string(kWidthMax));
  }
  plan.style.width = options.width ? static_cast<size_t>(*options.width) : device.width;
  plan.style.colour = device.colour;
  return plan;
}

/// Writes a report in the format of the plan.
template <typename Report>
void Render(const Plan& plan, const Report& report, bool empty, std::ostream& out,
            std::ostream& err) {
  switch (plan.format) {
    case Format::kTable:
      report::TextRenderer(plan.style, plan.zone, out).Write(report);
      return;
    case Format::kCsv: {
      report::CsvWriter writer(plan.zone, out);
      report::WriteRecords(report, writer);
      break;
    }
    case Format::kJson: {
      report::JsonWriter writer(plan.zone, out);
      report::WriteRecords(report, writer);
      break;
    }
  }
  if (empty) err << "tymbal report: " << report::ExplainEmpty(report, plan.zone) << '\n';
}

Status Report(const Plan& plan, ReportSource& source, std::ostream& out, std::ostream& err) {
  Level level = Level::kMethod;
  switch (plan.view) {
    case View::kSlow: {
      TYMBAL_ASSIGN_OR_RETURN(const auto slow,
                              report::ReadSlowReport(source, {plan.scope, plan.names, plan.limit}));
      Render(plan, slow, slow.rows.empty(), out, err);
      return Status::Ok();
    }
    case View::kPeriods: {
      TYMBAL_ASSIGN_OR_RETURN(const auto periods,
                              report::ReadPeriodsReport(source, {plan.scope, plan.limit}));
      Render(plan, periods, periods.scope.timeline.empty(), out, err);
      return Status::Ok();
    }
    case View::kMethods:
      break;
    case View::kServices:
      level = Level::kService;
      break;
    case View::kApps:
      level = Level::kApp;
      break;
  }
  TYMBAL_ASSIGN_OR_RETURN(const auto stats,
                          report::ReadStatReport(source, {level, plan.scope, plan.names, plan.sort,
                                                          plan.limit, plan.merge}));
  Render(plan, stats, stats.rows.empty(), out, err);
  return Status::Ok();
}

int Fail(const Status& status, std::ostream& err) {
  err << "tymbal report: " << PrintableLines(status.message()) << '\n';
  return ExitCodeOf(status);
}

/// Adds an option whose presence counts, so that an empty name is a name: CLI11's own optional
/// takes an empty text for nothing.
CLI::Option* AddOptional(CLI::App& command, const std::string& name,
                         std::optional<std::string>* value, const std::string& help) {
  return command
      .add_option_function<std::string>(
          name, [value](const std::string& text) { *value = text; }, help)
      ->type_name("TEXT");
}

}  // namespace

OutputDevice DetectOutputDevice(const Environment& environment) {
  OutputDevice device;
  if (isatty(STDOUT_FILENO) == 0) return device;
  device.colour = environment("NO_COLOR").value_or("").empty() && environment("TERM") != "dumb";
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) device.width = size.ws_col;
  return device;
}

int RunReport(const ReportOptions& options, const OutputDevice& device, const OpenSource& open,
              std::ostream& out, std::ostream& err) {
  const Result<Plan> plan = ParseOptions(options, device);
  if (!plan.has_value()) return Fail(plan.error(), err);
  const Result<std::unique_ptr<ReportSource>> source = open(options.store);
  if (!source.has_value()) return Fail(source.error(), err);
  if (const Status status = Report(*plan, **source, out, err); !status.ok()) {
    return Fail(status, err);
  }
  if (!out.flush()) {
    return Fail(Unavailable("the report could not be written; is the disk full?"), err);
  }
  return kExitOk;
}

CLI::App* AddReportCommand(CLI::App& root, int* exit_code) {
  CLI::App* const command =
      root.add_subcommand("report", "Show the statistics of published periods, and the coverage");
  const auto options = std::make_shared<ReportOptions>();  // Lives as long as the callback.
  command->add_option("view", options->view, "methods, services, apps, slow or periods")
      ->required();
  command
      ->add_option("--store", options->store,
                   "Result store: the path of an SQLite file, or mysql://user@host/database")
      ->envname("TYMBAL_STORE")
      ->capture_default_str();
  AddOptional(*command, "--period", &options->period,
              "The period that holds this instant, for instance 2026-11-22T10:00Z");
  AddOptional(*command, "--from", &options->from, "Periods that start at or after this time");
  AddOptional(*command, "--to", &options->to, "Periods that start before this time");
  AddOptional(*command, "--last", &options->last,
              "Periods of so long a time, up to the last published one, for instance 24h");
  AddOptional(*command, "--app", &options->app, "Only this app (exact)");
  AddOptional(*command, "--service", &options->service, "Only this service (exact)");
  AddOptional(*command, "--method", &options->method, "Only this method (exact)");
  AddOptional(*command, "--sort", &options->sort,
              "p50, p75, p90, p95, p99 (default), p999, calls, errors, error_rate, mean, max, sum, "
              "name or time");
  command->add_option("--limit", options->limit,
                      "Rows at most, 0 = all (default: 20 in tables, else all)");
  command->add_option("--format", options->format, "table, csv or json")->capture_default_str();
  command->add_option("--tz", options->tz, "Zone to show times in: UTC, +01:00, Europe/Berlin")
      ->capture_default_str();
  command->add_flag("--merge", options->merge, "One row per endpoint over all periods");
  command->add_option("--width", options->width, "Width of tables (default: the terminal's)");
  command->callback([options, exit_code] {
    *exit_code = RunReport(*options, DetectOutputDevice(ProcessEnvironment()), OpenReportSource,
                           std::cout, std::cerr);
  });
  return command;
}

}  // namespace tymbal::cli
