#include "cli/run_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/run_explain.h"
#include "cli/run_files.h"
#include "cli/run_search.h"
#include "cli/run_settings.h"
#include "cli/run_summary.h"

namespace tymbal::cli {
namespace {

/// Returns nothing when no more than an explanation was wanted.
Result<std::optional<RunSummary>> Run(const RunOptions& options, const Environment& environment,
                                      const RunOutput& output) {
  TYMBAL_ASSIGN_OR_RETURN(const RunSettings settings, ReadRunSettings(options, environment));
  if (settings.config.source_type == "elasticsearch") {
    if (!options.inputs.empty()) {
      return InvalidArgument(
          "span files are given, but the source is elasticsearch: leave out one");
    }
    if (!settings.profile_reason.empty()) {
      *output.err << "Profile " << settings.profile.name << ": "
                  << PrintableLines(settings.profile_reason) << ".\n";
    }
    if (options.explain) {
      TYMBAL_RETURN_IF_ERROR(ExplainSearch(options, settings, environment, output));
      return std::optional<RunSummary>();
    }
    TYMBAL_ASSIGN_OR_RETURN(RunSummary summary, RunSearch(options, settings, environment, output));
    return std::optional<RunSummary>(std::move(summary));
  }
  if (options.explain) {
    return InvalidArgument("--explain is for --source elasticsearch: files are read as a whole");
  }
  if (options.inputs.empty()) {
    return InvalidArgument(
        "there is nothing to read: name span files, or --source elasticsearch --hosts URL");
  }
  TYMBAL_ASSIGN_OR_RETURN(RunSummary summary, RunFiles(options, settings, output));
  return std::optional<RunSummary>(std::move(summary));
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
  if (*summary && options.json) {
    WriteSummaryJson(**summary, *output.out);
  } else if (*summary) {
    WriteSummary(**summary, *output.out);
  }
  if (!output.out->flush()) {
    *output.err << "tymbal run: "
                << (*summary ? "the results are published, but the summary" : "the explanation")
                << " can't be written; is the disk full?" << std::endl;
    return kExitFailed;
  }
  return kExitOk;
}

CLI::App* AddRunCommand(CLI::App& root, int* exit_code) {
  CLI::App* const command = root.add_subcommand(
      "run", "Compute the statistics of spans and publish them in a result store");
  const auto options = std::make_shared<RunOptions>();  // Lives as long as the callback.
  command->add_option("inputs", options->inputs,
                      "Span files: NDJSON, JSON lists or saved answers of a search, plain, .gz or "
                      ".zst; - = standard input");
  AddOptional(*command, "--source", &options->source,
              "Where spans come from: file (default) or elasticsearch")
      ->check(CLI::IsMember({"file", "elasticsearch"}));
  AddServerOptions(command, options.get());
  AddOptional(*command, "--from", &options->from,
              "First period to read of them (default: the last one that is due)");
  AddOptional(*command, "--to", &options->to, "End of the last period (default: of the first)");
  AddOptional(*command, "--store", &options->store,
              "Result store: the path of an SQLite file, or mysql://user@host/database (default: "
              "tymbal.db, or TYMBAL_STORE)");
  AddOptional(*command, "--period", &options->period, "Length of a period (default: 5m)");
  AddOptional(*command, "--period-offset", &options->period_offset,
              "Shift of the periods against 1970-01-01 UTC (default: 0s)");
  AddProfileOption(command, options.get());
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
  command->add_flag("--explain", options->explain,
                    "Search servers: say what would be read and how long it may take, and read no "
                    "more than a few spans for it; nothing is written");
  command->add_flag("--json", options->json, "Write the summary as JSON");
  command->callback([options, exit_code] {
    *exit_code = RunRun(*options, ProcessEnvironment(),
                        {&std::cout, &std::cerr, isatty(STDERR_FILENO) == 1});
  });
  return command;
}

}  // namespace tymbal::cli
