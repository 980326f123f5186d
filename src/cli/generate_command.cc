#include "cli/generate_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <span>
#include <string>

#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/run_progress.h"
#include "cli/source_options.h"
#include "cli/span_load.h"
#include "common/period.h"
#include "common/time_text.h"
#include "generate/generate_options.h"
#include "generate/ndjson_encoder.h"
#include "generate/output_file.h"
#include "generate/span_generator.h"
#include "worker/decoder.h"

namespace tymbal {
namespace {

using generate::GeneratedSpan;
using generate::GenerateOptions;

constexpr size_t kBatchSpans = 1024;
constexpr uint64_t kProgressSpans = 256 * kBatchSpans;
constexpr uint64_t kAppsDefault = 20;

/// The command line as it was typed, so that our own messages can quote it.
struct Arguments : cli::SourceOptions {
  std::string to = "file";
  std::string spans = "1M";
  std::string endpoints = "200";
  std::string apps;
  std::string seed = "1";
  std::string from = "2026-11-22T10:00Z";
  std::string duration = "1h";
  std::string zipf = "1.05";
  std::string errors = "0.005";
  std::string bad = "0";
  std::string order = "time";
  std::string output = "-";
};

/// Puts the value of `parsed` into `*target`, or returns its error with the option's name.
template <typename From, typename To>
Status Take(const char* option, const Result<From>& parsed, To* target) {
  if (!parsed) return parsed.error().WithContext(option);
  *target = static_cast<To>(*parsed);
  return Status::Ok();
}

/// Caps a count at more than any limit, so that it fits and Validate() says what is wrong.
Result<uint64_t> ParseSmallCount(const std::string& text) {
  Result<uint64_t> count = generate::ParseCount(text);
  if (count) *count = std::min<uint64_t>(*count, UINT32_MAX);
  return count;
}

Result<GenerateOptions> ToOptions(const Arguments& arguments) {
  GenerateOptions options;
  TYMBAL_RETURN_IF_ERROR(Take("--spans", generate::ParseCount(arguments.spans), &options.spans));
  TYMBAL_RETURN_IF_ERROR(
      Take("--endpoints", ParseSmallCount(arguments.endpoints), &options.endpoints));
  options.apps = static_cast<uint32_t>(std::clamp<uint64_t>(options.endpoints, 1, kAppsDefault));
  if (!arguments.apps.empty()) {
    TYMBAL_RETURN_IF_ERROR(Take("--apps", ParseSmallCount(arguments.apps), &options.apps));
  }
  TYMBAL_RETURN_IF_ERROR(Take("--seed", generate::ParseCount(arguments.seed), &options.seed));
  TYMBAL_RETURN_IF_ERROR(Take("--from", ParseTimeMs(arguments.from), &options.from_ms));
  TYMBAL_RETURN_IF_ERROR(
      Take("--duration", ParseDurationMs(arguments.duration), &options.duration_ms));
  TYMBAL_RETURN_IF_ERROR(Take("--zipf", generate::ParseNumber(arguments.zipf), &options.zipf));
  TYMBAL_RETURN_IF_ERROR(
      Take("--errors", generate::ParseNumber(arguments.errors), &options.errors));
  TYMBAL_RETURN_IF_ERROR(Take("--bad", generate::ParseNumber(arguments.bad), &options.bad));
  TYMBAL_RETURN_IF_ERROR(Take("--order", generate::ParseOrder(arguments.order), &options.order));
  TYMBAL_RETURN_IF_ERROR(generate::Validate(options));
  return options;
}

void PrintError(const Status& error) {
  fmt::print(stderr, "tymbal generate: {}\n", error.message());
}

/// One line on a terminal that is written over again and again; nothing elsewhere.
class ProgressLine {
 public:
  ProgressLine(uint64_t spans, bool output_is_standard)
      : spans_(spans),
        shown_(isatty(STDERR_FILENO) != 0 && !(output_is_standard && isatty(STDOUT_FILENO) != 0)) {}

  void Show(uint64_t made) const {
    if (!shown_) return;
    fmt::print(stderr, "\r{} of {} spans ({} %)\x1b[K", made, spans_, made * 100 / spans_);
    std::fflush(stderr);
  }
  void Clear() const {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  uint64_t spans_;
  bool shown_;
};

Status WriteSpans(const GenerateOptions& options, const ProgressLine& progress,
                  generate::OutputFile* file) {
  generate::SpanGenerator generator(options);
  const generate::NdjsonEncoder encoder(options);
  std::array<GeneratedSpan, kBatchSpans> batch;
  std::string lines;
  uint64_t made = 0;
  while (const size_t count = generator.Fill(batch)) {
    lines.clear();
    encoder.Append(std::span(batch).first(count), &lines);
    TYMBAL_RETURN_IF_ERROR(file->Write(lines));
    made += count;
    if (made % kProgressSpans == 0) progress.Show(made);
  }
  return file->Close();
}

/// Writes the spans to a search server, as `tymbal load` would.
Status LoadSpans(const GenerateOptions& options, cli::SpanLoad* load) {
  cli::RunProgress progress(&std::cerr, isatty(STDERR_FILENO) == 1, options.spans,
                            std::chrono::steady_clock::now());
  generate::SpanGenerator generator(options);
  const generate::NdjsonEncoder encoder(options);
  std::array<GeneratedSpan, kBatchSpans> batch;
  std::string lines;
  while (const size_t count = generator.Fill(batch)) {
    lines.clear();
    encoder.Append(std::span(batch).first(count), &lines);
    const size_t size = lines.size();
    lines.append(worker::kRecordPadding, ' ');
    for (size_t begin = 0; begin < size;) {
      const size_t end = lines.find('\n', begin);
      TYMBAL_RETURN_IF_ERROR(
          load->Add({.text = std::string_view(lines).substr(begin, end - begin)}));
      begin = end + 1;
    }
    progress.Show(load->settled(), load->settled(), std::chrono::steady_clock::now());
  }
  const Status finished = load->Finish();
  progress.Clear();
  return finished;
}

int RunToServer(const Arguments& arguments, const GenerateOptions& options) {
  const auto run = [&]() -> Status {
    if (arguments.output != "-") {
      return InvalidArgument("--output is for files; leave it out with --to elasticsearch");
    }
    const Environment environment = cli::ProcessEnvironment();
    TYMBAL_ASSIGN_OR_RETURN(Config config, cli::SearchServerConfig(arguments, environment));
    config.source_profile = "tymbal";
    TYMBAL_ASSIGN_OR_RETURN(const auto load,
                            cli::SpanLoad::Open(config, environment, {}, &std::cerr));
    const auto started = std::chrono::steady_clock::now();
    const Status loaded = LoadSpans(options, load.get());
    load->WriteSummary(std::chrono::steady_clock::now() - started, std::cout);
    return loaded;
  };
  const Status status = run();
  if (status.ok()) return std::cout.flush() ? cli::kExitOk : cli::kExitFailed;
  PrintError(status);
  return cli::ExitCodeOf(status);
}

int Run(const Arguments& arguments) {
  const Result<GenerateOptions> options = ToOptions(arguments);
  if (!options) {
    PrintError(options.error());
    return cli::ExitCodeOf(options.error());
  }
  if (arguments.to == "elasticsearch") return RunToServer(arguments, *options);
  // A reader that goes away (`| head`) is then an error of write(), and no reason to complain.
  std::signal(SIGPIPE, SIG_IGN);
  Result<std::unique_ptr<generate::OutputFile>> file = generate::OutputFile::Open(arguments.output);
  if (!file) {
    PrintError(file.error());
    return cli::ExitCodeOf(file.error());
  }
  const ProgressLine progress(options->spans, arguments.output == "-");
  const Status written = WriteSpans(*options, progress, file->get());
  progress.Clear();
  if (written.ok() || written.code() == StatusCode::kUnavailable) return cli::kExitOk;
  PrintError(written);
  return cli::ExitCodeOf(written);
}

}  // namespace

CLI::App* AddGenerateCommand(CLI::App& root, int* exit_code) {
  // Shared: the callback is copied into the CLI and runs after this function has returned.
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      root.add_subcommand("generate", "Write invented spans (NDJSON) for trials and load");
  const auto add = [&](const char* name, std::string Arguments::*member, const char* type,
                       const char* text) {
    CLI::Option* const option = command->add_option(name, (*arguments).*member, text);
    option->type_name(type)->capture_default_str();
  };
  add("--spans", &Arguments::spans, "N", "Number of spans: 1_000_000, 500k, 20M");
  add("--endpoints", &Arguments::endpoints, "N", "Number of distinct endpoints, up to 1M");
  add("--apps", &Arguments::apps, "N", "Number of apps (default: 20, or one for each endpoint)");
  add("--seed", &Arguments::seed, "N", "Same seed and options, same bytes");
  add("--from", &Arguments::from, "TIME", "Earliest start");
  add("--duration", &Arguments::duration, "DURATION", "Starts lie in [from, from + duration)");
  add("--zipf", &Arguments::zipf, "EXPONENT", "How unequal the endpoints' popularity is; 0 = even");
  add("--errors", &Arguments::errors, "SHARE", "Share of calls that fail, from 0 to 1");
  add("--bad", &Arguments::bad, "SHARE", "Share of broken records, from 0 to 1");
  add("--order", &Arguments::order, "ORDER", "time (with an exporter's disorder) or random");
  command
      ->add_option("--to", arguments->to,
                   "file, or elasticsearch: to the servers of --hosts, as `tymbal load` does")
      ->check(CLI::IsMember({"file", "elasticsearch"}))
      ->capture_default_str();
  cli::AddServerOptions(command, arguments.get());
  add("--output", &Arguments::output, "FILE",
      "File to overwrite, or - for the standard output; .gz and .zst compress");
  command->footer("Example: tymbal generate --spans 5M --endpoints 20k --output spans.ndjson.zst");
  command->callback([arguments, exit_code] { *exit_code = Run(*arguments); });
  return command;
}

}  // namespace tymbal
