#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tymbal::testing {

/// How one simulated history ended.
struct SimOutcome {
  std::vector<std::string> broken;  ///< Promises; empty: all were kept.
  std::string options;              ///< What the seed has drawn.
  std::vector<std::string> trace;   ///< The last lines.
  uint64_t trace_hash = 0;
  uint64_t events = 0;
};

/// A cluster of real masters and workers in virtual time: 40 s with faults, then all is healed,
/// then 80 s of calm. All of it follows from the seed.
SimOutcome RunSeed(uint64_t seed, bool verbose);

}  // namespace tymbal::testing
