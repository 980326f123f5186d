// Reads a share of the slots of one period from a search server, as one node of a cluster does, and
// prints one line of JSON. bench/source/run calls it.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "cli/environment.h"
#include "cli/search_opener.h"
#include "common/time_text.h"
#include "worker/profile.h"
#include "worker/scan.h"

namespace {

using tymbal::Result;

struct Options {
  std::string hosts;
  std::string index;
  std::string from;
  std::string to;
  std::string read = "auto";
  std::string slot_read = "auto";
  uint32_t slots_from = 0;
  uint32_t slots_to = 256;
  size_t threads = 1;
};

Result<std::string> Read(const Options& options) {
  tymbal::Config config;
  config.source_type = "elasticsearch";
  config.search.hosts = options.hosts;
  config.search.index = options.index;
  config.search.read = options.read;
  config.search.slot_read = options.slot_read;
  TYMBAL_ASSIGN_OR_RETURN(const tymbal::worker::Profile profile,
                          tymbal::worker::LoadProfile("tymbal"));
  TYMBAL_ASSIGN_OR_RETURN(
      const std::unique_ptr<tymbal::cli::SearchOpener> opener,
      tymbal::cli::SearchOpener::Create(config, profile, tymbal::cli::ProcessEnvironment()));
  tymbal::worker::SpanQuery query;
  query.range.emplace();
  TYMBAL_ASSIGN_OR_RETURN(query.range->start_ms, tymbal::ParseTimeMs(options.from));
  TYMBAL_ASSIGN_OR_RETURN(query.range->end_ms, tymbal::ParseTimeMs(options.to));
  query.slots = tymbal::SlotRange{options.slots_from, options.slots_to};
  TYMBAL_ASSIGN_OR_RETURN(
      const tymbal::PeriodGrid grid,
      tymbal::PeriodGrid::Create(query.range->end_ms - query.range->start_ms, 0));
  tymbal::worker::ScanOptions scan{.aggregator = {.grid = grid, .slots = query.slots, .apdex = {}},
                                   .threads = options.threads,
                                   .on_progress = {}};
  const auto began = std::chrono::steady_clock::now();
  const auto source = opener->OpenSource();
  TYMBAL_ASSIGN_OR_RETURN(const auto aggregator, tymbal::worker::Scan(source.get(), query, scan));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  uint64_t spans = 0;
  for (const int64_t start_ms : aggregator->PeriodStarts()) {
    spans += aggregator->PeriodCoverage(start_ms).read;
  }
  return fmt::format(R"({{"seconds":{:.4f},"spans":{},"endpoints":{}}})", took.count(), spans,
                     aggregator->endpoints());
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Reads a share of the slots of one period");
  app.add_option("--hosts", options.hosts)->required();
  app.add_option("--index", options.index)->required();
  app.add_option("--from", options.from)->required();
  app.add_option("--to", options.to)->required();
  app.add_option("--read", options.read);
  app.add_option("--slot-read", options.slot_read);
  app.add_option("--slots-from", options.slots_from, "Slots [from, to)");
  app.add_option("--slots-to", options.slots_to);
  app.add_option("--threads", options.threads);
  CLI11_PARSE(app, argc, argv);
  const auto line = Read(options);
  if (!line) {
    std::cerr << line.error().message() << '\n';
    return EXIT_FAILURE;
  }
  std::cout << *line << '\n';
  return EXIT_SUCCESS;
}
