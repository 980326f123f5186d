#include "cli/run_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <utility>

#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/open_store.h"
#include "cli/run_job.h"
#include "cli/run_progress.h"
#include "cli/run_settings.h"
#include "cli/run_summary.h"
#include "common/event_loop.h"
#include "common/local_coordinator.h"
#include "common/text.h"
#include "worker/file_source.h"
#include "worker/scan.h"

namespace tymbal::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

Result<std::unique_ptr<worker::Aggregator>> ReadSpans(const RunSettings& settings,
                                                      worker::FileSource* source,
                                                      const RunOutput& output) {
  RunProgress progress(output.err, output.terminal, source->total_bytes(), SteadyClock::now());
  worker::ScanOptions options{
      .aggregator = settings.aggregator, .threads = settings.threads, .on_progress = {}};
  options.on_progress = [&](uint64_t records) {
    progress.Show(records, source->consumed_bytes(), SteadyClock::now());
  };
  auto result = worker::Scan(source, worker::SpanQuery{}, options);
  progress.Clear();
  return result;
}

/// Says which records a profile doesn't count.
std::string WhyFiltered(const worker::Profile& profile) {
  std::string kinds;
  for (const std::string& kind : profile.entry_kinds) kinds += (kinds.empty() ? "" : ", ") + kind;
  const std::string of_kinds = "of other kinds than " + kinds + " (--kinds all counts every span)";
  const std::string left_out = "that the profile's 'only' or weight leaves out";
  if (!profile.entry_only) return left_out;
  return profile.only.empty() && profile.weight.empty() ? of_kinds : of_kinds + ", or " + left_out;
}

/// Explains why nothing is published: most probably the profile is not the one of the input.
Status NothingToCount(const worker::Profile& profile, const RunSummary& summary,
                      const RejectCounts& rejected) {
  if (rejected.Total() == 0 && summary.filtered == 0) {
    return BadInput(summary.source + " holds no spans");
  }
  std::string text = fmt::format("no record of {} is a span that counts", summary.source);
  if (rejected.Total() > 0) {
    text += fmt::format("; {} rejected", rejected.Total());
    const worker::RejectSample& sample = summary.samples.front();
    text += fmt::format(", the first one in {}, line {}: {}", sample.file, sample.line,
                        RejectReasonText(sample.reason));
  }
  if (summary.filtered > 0) {
    text += fmt::format("; {} ", summary.filtered) + WhyFiltered(profile);
  }
  return BadInput(text + ". Is " + profile.name + " the right --profile?");
}

Result<RunSummary> Run(const RunOptions& options, const Environment& environment,
                       const RunOutput& output) {
  TYMBAL_ASSIGN_OR_RETURN(const RunSettings settings, ReadRunSettings(options, environment));
  const worker::Profile& profile = settings.profile;
  if (!settings.profile_reason.empty()) {
    *output.err << "Profile " << profile.name << ": " << settings.profile_reason << ".\n";
  }
  TYMBAL_ASSIGN_OR_RETURN(
      const auto source,
      worker::FileSource::Create(
          {.paths = options.inputs, .profile = profile, .strict = options.strict}));
  // Before the reading: a store that can't be used should not cost an hour.
  TYMBAL_ASSIGN_OR_RETURN(const auto store, OpenResultStore(settings.store, /*create=*/true));

  RunSummary summary;
  summary.store = settings.store;
  summary.source = source->Describe();
  const auto started = SteadyClock::now();
  TYMBAL_ASSIGN_OR_RETURN(const auto aggregator, ReadSpans(settings, source.get(), output));
  summary.read_seconds = std::chrono::duration<double>(SteadyClock::now() - started).count();
  summary.filtered = aggregator->filtered();
  summary.unplaced = aggregator->unplaced();
  summary.inexact_groups = aggregator->inexact_groups();
  summary.samples = source->RejectSamples();
  summary.empty_files = source->EmptyFiles();
  Coverage coverage;
  for (const int64_t start_ms : aggregator->PeriodStarts()) {
    coverage.Merge(aggregator->PeriodCoverage(start_ms));
  }
  if (coverage.read == coverage.rejected.Total()) {
    coverage.rejected.Merge(summary.unplaced);
    return NothingToCount(profile, summary, coverage.rejected);
  }

  EventLoop loop;
  LocalCoordinator coordinator(&loop);
  Member self;
  self.node = {"local"};
  self.incarnation = fmt::format("{}-{}", getpid(), loop.NowMs());
  self.host = "localhost";
  self.version = TYMBAL_VERSION;
  RunJob job(&loop, &coordinator, store.get(),
             {.self = self,
              .settings = settings.Describe(aggregator->inexact_groups() > 0),
              .source = summary.source,
              .replace = options.replace});
  TYMBAL_ASSIGN_OR_RETURN(summary.periods, job.Commit(aggregator.get()));
  return summary;
}

template <typename T>
CLI::Option* AddOptional(CLI::App& command, const std::string& name, std::optional<T>* value,
                         const std::string& description) {
  return command.add_option(name, *value, description);
}

}  // namespace

int RunRun(const RunOptions& options, const Environment& environment, const RunOutput& output) {
  const auto summary = Run(options, environment, output);
  if (!summary) {
    *output.err << "tymbal run: " << PrintableLines(summary.error().message()) << std::endl;
    return ExitCodeOf(summary.error());
  }
  if (options.json) {
    WriteSummaryJson(*summary, *output.out);
  } else {
    WriteSummary(*summary, *output.out);
  }
  if (!output.out->flush()) {
    *output.err
        << "tymbal run: the results are published, but the summary can't be written; is the "
           "disk full?"
        << std::endl;
    return kExitFailed;
  }
  return kExitOk;
}

CLI::App* AddRunCommand(CLI::App& root, int* exit_code) {
  CLI::App* const command = root.add_subcommand(
      "run", "Compute the statistics of span files and publish them in a result store");
  const auto options = std::make_shared<RunOptions>();  // Lives as long as the callback.
  command
      ->add_option("inputs", options->inputs,
                   "Span files: NDJSON or JSON lists, plain, .gz or .zst; - = standard input")
      ->required();
  AddOptional(*command, "--conf", &options->conf, "Configuration file (conf/tymbal.yaml)");
  AddOptional(*command, "--store", &options->store,
              "Result store: the path of an SQLite file, or mysql://user@host/database (default: "
              "tymbal.db, or TYMBAL_STORE)");
  AddOptional(*command, "--period", &options->period, "Length of a period (default: 5m)");
  AddOptional(*command, "--period-offset", &options->period_offset,
              "Shift of the periods against 1970-01-01 UTC (default: 0s)");
  AddOptional(
      *command, "--profile", &options->profile,
      "Format of the spans: tymbal (default), zipkin, jaeger, otel, elastic-apm, skywalking, "
      "cicada, the path of a YAML file, or auto");
  AddOptional(*command, "--kinds", &options->kinds,
              "Which spans count: profile (default), entry or all")
      ->check(CLI::IsMember({"profile", "entry", "all"}));
  AddOptional(*command, "--apdex", &options->apdex,
              "A call satisfies up to this duration (default: 500ms)");
  AddOptional(*command, "--slow-calls", &options->slow_calls,
              "How many of the slowest calls to keep for each method, up to 1000 (default: 5)")
      ->check(CLI::Range(0, 1000));
  AddOptional(*command, "--threads", &options->threads,
              "Threads that read, up to 256; 0 = one for each processor (the default)")
      ->check(CLI::Range(0, 256));
  AddOptional(*command, "--memory-limit", &options->memory_limit,
              "Memory for durations and names (default: 1GiB)");
  command->add_flag("--strict", options->strict, "The first rejected record is an error");
  command->add_flag("--replace", options->replace,
                    "Supersede periods that were published from other input");
  command->add_flag("--json", options->json, "Write the summary as JSON");
  command->callback([options, exit_code] {
    *exit_code = RunRun(*options, ProcessEnvironment(),
                        {&std::cout, &std::cerr, isatty(STDERR_FILENO) == 1});
  });
  return command;
}

}  // namespace tymbal::cli
