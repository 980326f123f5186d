// Runs simulated clusters, one history for each seed: docs/testing.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "simulation/seed_list.h"
#include "simulation/sim_cluster.h"
#include "simulation/sim_scale.h"
#include "simulation/thinking_time.h"

namespace tymbal::testing {
namespace {

/// Every so many seeds, a history is run twice: it must be the same to the last event.
constexpr uint64_t kRepeatEvery = 10;

bool RunOne(uint64_t seed, bool verbose, std::mutex* output) {
  SimOutcome outcome = RunSeed(seed, verbose);
  if (outcome.broken.empty() && seed % kRepeatEvery == 0) {
    const SimOutcome again = RunSeed(seed, false);
    if (again.trace_hash != outcome.trace_hash || again.events != outcome.events) {
      outcome.broken.push_back("the same seed gave another history");
    }
  }
  if (outcome.broken.empty()) return true;
  const std::lock_guard lock(*output);
  if (!verbose) {
    for (const std::string& line : outcome.trace) fmt::print("  {}\n", line);
  }
  for (const std::string& broken : outcome.broken) fmt::print("  BROKEN {}\n", broken);
  fmt::print("FAILED seed={} options: {}\n  repeat with: tymbal_sim --seed {}\n", seed,
             outcome.options, seed);
  std::fflush(stdout);
  return false;
}

/// Returns the exit code. `first_only`: stops at the first that fails.
int RunSeeds(const std::vector<uint64_t>& seeds, bool verbose, bool first_only) {
  std::atomic<size_t> next{0};
  std::mutex output;
  std::set<size_t> failed;  // Guarded by output.
  std::atomic<bool> stop{false};
  std::vector<std::jthread> workers;
  const size_t threads = std::max<size_t>(1, std::thread::hardware_concurrency());
  for (size_t i = 0; i < std::min(threads, seeds.size()); ++i) {
    workers.emplace_back([&] {
      // What was taken is finished, so that the first that fails is the same each time.
      for (size_t at = next++; at < seeds.size() && !stop; at = next++) {
        if (RunOne(seeds[at], verbose, &output)) continue;
        const std::lock_guard lock(output);
        failed.insert(at);
        stop = first_only;
      }
    });
  }
  workers.clear();
  if (!failed.empty()) {
    const size_t first = *failed.begin();
    fmt::print("first failure: seed {}, after {} histories\n", seeds[first], first + 1);
  }
  fmt::print("{} histories, {} failed\n", std::min(next.load(), seeds.size()), failed.size());
  return failed.empty() ? 0 : 1;
}

/// Prints what clusters of these sizes cost; docs/scaling.md shows it.
int PrintScale(const std::vector<int>& nodes, const std::vector<int>& fragments, bool thinking) {
  if (nodes.size() != fragments.size()) {
    fmt::print(stderr, "tymbal_sim: --nodes and --fragments want as many numbers as each other\n");
    return 2;
  }
  std::vector<ScaleOptions> sizes;
  for (size_t i = 0; i < nodes.size(); ++i) {
    sizes.push_back({.nodes = nodes[i], .fragments = std::max(nodes[i], fragments[i])});
  }
  if (thinking) {
    fmt::print("{}", MeasureThinking(sizes));
    return 0;
  }
  std::vector<ScaleReport> reports;
  for (const ScaleOptions& size : sizes) {
    reports.push_back(RunScale(size));
    for (const std::string& broken : reports.back().broken) fmt::print("  BROKEN {}\n", broken);
    if (!reports.back().broken.empty()) return 1;
  }
  fmt::print("{}", FormatScale(reports));
  return 0;
}

}  // namespace
}  // namespace tymbal::testing

int main(int argc, char** argv) {
  CLI::App app("Simulated clusters, one history for each seed", "tymbal_sim");
  uint64_t seed = 0;
  std::string range = "1..200";
  std::string file;
  bool first_only = false;
  bool scale = false;
  std::vector<int> nodes = {10, 100, 500};
  std::vector<int> fragments = {40, 400, 1024};
  app.add_option("--seed", seed, "This one only, with its whole trace");
  app.add_option("--seeds", range, "First and last one")->capture_default_str();
  app.add_option("--seeds-file", file, "Those of a file, each with the reason why it is there");
  app.add_flag("--first", first_only, "Stop at the first that fails");
  app.add_flag("--scale", scale, "What large clusters cost, as a table, instead of histories");
  bool thinking = false;
  app.add_flag("--thinking", thinking, "With --scale: how long a master thinks, by the real clock");
  const auto sizes = CLI::Range(2, 1024);
  app.add_option("--nodes", nodes, "For --scale, one column each")->check(sizes)->delimiter(',');
  app.add_option("--fragments", fragments, "For --scale, of a run, one for each of --nodes")
      ->check(sizes)
      ->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  if (scale) return tymbal::testing::PrintScale(nodes, fragments, thinking);
  if (app.count("--seed") > 0) return tymbal::testing::RunSeeds({seed}, true, false);
  const auto seeds =
      file.empty() ? tymbal::testing::ParseSeedRange(range) : tymbal::testing::ReadSeedFile(file);
  if (!seeds) {
    fmt::print(stderr, "tymbal_sim: {}\n", seeds.error().message());
    return 2;
  }
  return tymbal::testing::RunSeeds(*seeds, false, first_only);
}
