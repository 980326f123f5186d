#include "cli/load_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/run_progress.h"
#include "common/size_text.h"
#include "worker/input_stream.h"
#include "worker/record_stream.h"

namespace tymbal::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr uint64_t kBatchBytesMin = uint64_t{64} << 10;
constexpr uint64_t kBatchBytesMax = uint64_t{64} << 20;

/// Nothing where the length of one isn't known before its end.
std::optional<uint64_t> TotalBytes(const std::vector<std::string>& paths) {
  uint64_t total = 0;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
    total += std::filesystem::file_size(path, error);
    if (error) return std::nullopt;
  }
  return total;
}

Status LoadFiles(const LoadCommandOptions& options, const RunOutput& output, SpanLoad* load) {
  RunProgress progress(output.err, output.terminal, TotalBytes(options.inputs), SteadyClock::now());
  const auto load_all = [&]() -> Status {
    uint64_t bytes_before = 0;
    for (const std::string& path : options.inputs) {
      TYMBAL_ASSIGN_OR_RETURN(auto input, worker::InputStream::Open(path));
      worker::RecordStream stream(std::move(input));
      worker::Chunk chunk;
      while (true) {
        TYMBAL_ASSIGN_OR_RETURN(const bool more, stream.Next(&chunk));
        if (!more) break;
        TYMBAL_RETURN_IF_ERROR(load->Add(chunk, path));
        progress.Show(load->settled(), bytes_before + stream.consumed(), SteadyClock::now());
      }
      bytes_before += stream.consumed();
    }
    return load->Finish();
  };
  const Status loaded = load_all();
  progress.Clear();
  return loaded;
}

Status Load(const LoadCommandOptions& options, const Environment& environment,
            const RunOutput& output, bool* lost) {
  TYMBAL_ASSIGN_OR_RETURN(const Config config, SearchServerConfig(options, environment));
  const auto batch_bytes = ParseSizeBytes(options.batch_bytes);
  if (!batch_bytes) return batch_bytes.error().WithContext("--batch-bytes");
  if (*batch_bytes < kBatchBytesMin || *batch_bytes > kBatchBytesMax) {
    return InvalidArgument("--batch-bytes: must be from 64KiB to 64MiB");
  }
  TYMBAL_ASSIGN_OR_RETURN(const auto load,
                          SpanLoad::Open(config, environment,
                                         {.requests = options.requests,
                                          .batch_bytes = static_cast<size_t>(*batch_bytes)},
                                         output.err));
  const auto started = SteadyClock::now();
  const Status loaded = LoadFiles(options, output, load.get());
  load->WriteSummary(SteadyClock::now() - started, *output.out);
  *lost = load->AnyLost();
  return loaded;
}

}  // namespace

int RunLoad(const LoadCommandOptions& options, const Environment& environment,
            const RunOutput& output) {
  bool lost = false;
  const Status loaded = Load(options, environment, output, &lost);
  if (!loaded.ok()) {
    *output.err << "tymbal load: " << PrintableLines(loaded.message()) << std::endl;
    return ExitCodeOf(loaded);
  }
  if (!output.out->flush()) return kExitFailed;
  return lost ? kExitBadInput : kExitOk;
}

CLI::App* AddLoadCommand(CLI::App& root, int* exit_code) {
  CLI::App* const command =
      root.add_subcommand("load", "Write span files to Elasticsearch or OpenSearch");
  const auto options = std::make_shared<LoadCommandOptions>();  // Lives as long as the callback.
  command
      ->add_option("inputs", options->inputs,
                   "Span files: NDJSON, JSON lists or saved answers of a search, plain, .gz or "
                   ".zst; - = standard input")
      ->required();
  AddServerOptions(command, options.get());
  AddProfileOption(command, options.get());
  command->add_option("--requests", options->requests, "Requests under way at a time")
      ->check(CLI::Range(1, 32))
      ->capture_default_str();
  command->add_option("--batch-bytes", options->batch_bytes, "A request is about so long")
      ->capture_default_str();
  command->callback([options, exit_code] {
    *exit_code = RunLoad(*options, ProcessEnvironment(),
                         {&std::cout, &std::cerr, isatty(STDERR_FILENO) == 1});
  });
  return command;
}

}  // namespace tymbal::cli
