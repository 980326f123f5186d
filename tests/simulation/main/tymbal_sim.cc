// Runs simulated clusters, one history for each seed: docs/testing.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "simulation/sim_cluster.h"

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
  for (const std::string& line : outcome.trace) fmt::print("  {}\n", line);
  for (const std::string& broken : outcome.broken) fmt::print("  BROKEN {}\n", broken);
  fmt::print("FAILED seed={} options: {}\n  repeat with: tymbal_sim --seed {}\n", seed,
             outcome.options, seed);
  std::fflush(stdout);
  return false;
}

int Run(uint64_t from, uint64_t to, unsigned threads, bool verbose, bool first_only) {
  std::atomic<uint64_t> next{from};
  std::atomic<uint64_t> failed{0};
  std::mutex output;
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (uint64_t seed = next++; seed <= to; seed = next++) {
        if (first_only && failed > 0) return;
        if (!RunOne(seed, verbose, &output)) ++failed;
      }
    });
  }
  workers.clear();
  fmt::print("{} histories, {} failed\n", to - from + 1, failed.load());
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tymbal::testing

int main(int argc, char** argv) {
  CLI::App app("Simulated clusters, one history for each seed", "tymbal_sim");
  uint64_t seed = 0;
  uint64_t from = 1;
  uint64_t to = 200;
  bool first_only = false;
  app.add_option("--seed", seed, "This one only, with its whole trace");
  app.add_option("--from", from, "First seed");
  app.add_option("--to", to, "Last seed");
  app.add_flag("--first", first_only, "Stop at the first that fails");
  CLI11_PARSE(app, argc, argv);
  if (seed != 0) return tymbal::testing::Run(seed, seed, 1, true, false);
  const unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  return tymbal::testing::Run(from, to, threads, false, first_only);
}
