#include "cli/verify_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/open_store.h"
#include "cli/run_settings.h"
#include "cli/span_source_opener.h"
#include "cli/verify_period.h"
#include "common/text.h"
#include "common/time_text.h"
#include "report/number_format.h"
#include "report/scope.h"
#include "worker/scan.h"

namespace tymbal::cli {
namespace {

/// What passes (a busy server, a point in time that is lost) is tried so often.
constexpr int kReadsMax = 3;

Status ParseTime(const std::optional<std::string>& text, std::string_view option,
                 std::optional<int64_t>* target_ms) {
  if (!text) return Status::Ok();
  const auto time_ms = ParseTimeMs(*text);
  if (!time_ms) return time_ms.error().WithContext(option);
  *target_ms = *time_ms;
  return Status::Ok();
}

Result<report::ScopeRequest> ScopeOf(const VerifyOptions& options) {
  report::ScopeRequest scope;
  TYMBAL_RETURN_IF_ERROR(ParseTime(options.period, "--period", &scope.instant_ms));
  TYMBAL_RETURN_IF_ERROR(ParseTime(options.from, "--from", &scope.from_ms));
  TYMBAL_RETURN_IF_ERROR(ParseTime(options.to, "--to", &scope.to_ms));
  if (options.last) {
    const auto last_ms = ParseDurationMs(*options.last);
    if (!last_ms) return last_ms.error().WithContext("--last");
    scope.last_ms = *last_ms;
  }
  TYMBAL_RETURN_IF_ERROR(report::CheckScope(scope));
  return scope;
}

Result<std::unique_ptr<worker::Aggregator>> ReadAgain(const worker::SourceOpener& open_source,
                                                      const RunSettings& settings,
                                                      const Period& period) {
  for (int reads = 1;; ++reads) {
    TYMBAL_ASSIGN_OR_RETURN(const auto source, open_source(period));
    worker::ScanOptions scan{
        .aggregator = settings.aggregator, .threads = settings.threads, .on_progress = {}};
    const int64_t length_ms = period.end_ms - period.start_ms;
    const int64_t offset_ms = ((period.start_ms % length_ms) + length_ms) % length_ms;
    TYMBAL_ASSIGN_OR_RETURN(scan.aggregator.grid, PeriodGrid::Create(length_ms, offset_ms));
    worker::SpanQuery query;
    query.range = period;
    auto aggregator = worker::Scan(source.get(), query, scan);
    if (aggregator) {
      (*aggregator)->BeginPeriod(period.start_ms);
      return aggregator;
    }
    if (reads == kReadsMax || aggregator.error().code() != StatusCode::kUnavailable) {
      return aggregator;
    }
  }
}

void Show(const Verdict& verdict, std::ostream& out) {
  fmt::print(out, "{:<26} {:>12} {:>12} {:>10} {:>10}  {}\n",
             TimeZone::Utc().FormatShort(verdict.period.start_ms),
             report::FormatExact(verdict.stored_calls), report::FormatExact(verdict.source_calls),
             report::FormatExact(verdict.methods), report::FormatExact(verdict.different),
             verdict.same() ? "the same" : "DIFFERENT");
  for (const std::string& example : verdict.examples) fmt::print(out, "    {}\n", example);
  if (verdict.stored_rejected != verdict.source_rejected) {
    fmt::print(out, "    rejected: the store has {}, the source {}\n", verdict.stored_rejected,
               verdict.source_rejected);
  }
}

std::string Json(const Verdict& verdict) {
  return fmt::format(
      R"({{"period_start":"{}","period_end":"{}","stored_calls":{},"source_calls":{},)"
      R"("stored_rejected":{},"source_rejected":{},"methods":{},"different":{},"same":{}}})",
      TimeZone::Utc().Format(verdict.period.start_ms),
      TimeZone::Utc().Format(verdict.period.end_ms), verdict.stored_calls, verdict.source_calls,
      verdict.stored_rejected, verdict.source_rejected, verdict.methods, verdict.different,
      verdict.same());
}

/// Returns how many periods differ.
Result<size_t> Verify(const VerifyOptions& options, const Environment& environment,
                      std::ostream& out) {
  TYMBAL_ASSIGN_OR_RETURN(const report::ScopeRequest request, ScopeOf(options));
  TYMBAL_ASSIGN_OR_RETURN(const RunSettings settings, ReadRunSettings(options.run, environment));
  TYMBAL_ASSIGN_OR_RETURN(const SpanPlace place, FindSpans(settings, environment));
  TYMBAL_ASSIGN_OR_RETURN(const auto store, OpenReportSource(settings.store));
  TYMBAL_ASSIGN_OR_RETURN(const report::Scope scope, report::ResolveScope(*store, request));
  TYMBAL_ASSIGN_OR_RETURN(const std::vector<PeriodReportRow> periods,
                          store->ReadPeriods(scope.from_ms, scope.to_ms));
  if (!options.json) {
    fmt::print(out, "{:<26} {:>12} {:>12} {:>10} {:>10}\n", "period", "stored calls",
               "source calls", "methods", "different");
  }
  size_t verified = 0;
  size_t different = 0;
  for (const PeriodReportRow& period : periods) {
    if (period.state != RunState::kPublished) continue;
    TYMBAL_ASSIGN_OR_RETURN(const auto aggregator, ReadAgain(place.open, settings, period.period));
    TYMBAL_ASSIGN_OR_RETURN(const Verdict verdict,
                            ComparePeriod(store.get(), period, aggregator.get(), kSlotsDefault));
    ++verified;
    different += verdict.same() ? 0 : 1;
    if (options.json) {
      fmt::print(out, "{}\n", Json(verdict));
    } else {
      Show(verdict, out);
    }
    out.flush();
  }
  if (verified == 0) return NotFound("no period is published there");
  if (options.json) return different;
  if (different == 0) {
    fmt::print(out, "\nEvery number of {} period{} is what the source holds.\n", verified,
               verified == 1 ? "" : "s");
  } else {
    fmt::print(out,
               "\n{} of {} periods differ: spans came late, were deleted, or were read with other "
               "settings. Compute them anew with tymbal run --replace.\n",
               different, verified);
  }
  return different;
}

}  // namespace

int RunVerify(const VerifyOptions& options, const Environment& environment, std::ostream& out,
              std::ostream& err) {
  const auto different = Verify(options, environment, out);
  if (!different) {
    err << "tymbal verify: " << PrintableLines(different.error().message()) << '\n';
    return ExitCodeOf(different.error());
  }
  if (!out.flush()) {
    err << "tymbal verify: can't write the output\n";
    return kExitFailed;
  }
  return *different == 0 ? kExitOk : kExitConflict;
}

CLI::App* AddVerifyCommand(CLI::App& root, int* exit_code) {
  CLI::App* const command = root.add_subcommand(
      "verify", "Read the spans of published periods again and compare them with the store");
  const auto options = std::make_shared<VerifyOptions>();  // Lives as long as the callback.
  command->add_option("--conf", options->run.conf, "Configuration file (conf/tymbal.yaml)");
  command->add_option("--store", options->run.store, "Result store, as of tymbal run");
  command
      ->add_option("--source", options->run.source, "Where spans come from: file or elasticsearch")
      ->check(CLI::IsMember({"file", "elasticsearch"}));
  command->add_option("--hosts", options->run.hosts, "Elasticsearch or OpenSearch servers");
  command->add_option("--index", options->run.index, "Their index, alias or pattern");
  command->add_option("--profile", options->run.profile, "Format of the spans");
  command->add_option("--kinds", options->run.kinds, "Which spans count: profile, entry or all")
      ->check(CLI::IsMember({"profile", "entry", "all"}));
  command->add_option("--apdex", options->run.apdex, "The threshold that the periods had");
  command->add_option("--period", options->period,
                      "The period that holds this time (default: the last published one)");
  command->add_option("--from", options->from, "Periods that start at or after this time");
  command->add_option("--to", options->to, "Periods that start before this time");
  command->add_option("--last", options->last, "Periods of so long a time, up to the last one");
  command->add_flag("--json", options->json, "Write a line of JSON for each period");
  command->callback([options, exit_code] {
    *exit_code = RunVerify(*options, ProcessEnvironment(), std::cout, std::cerr);
  });
  return command;
}

}  // namespace tymbal::cli
