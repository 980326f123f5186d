#pragma once

#include <cstdint>

#include "master/slot_weights.h"
#include "simulation/sim_executor.h"
#include "simulation/world.h"

namespace tymbal::testing {

/// How long a simulated master waits for weights.
inline constexpr int64_t kWeighMs = 1'000;

/// Weights that change with every question: whatever a master takes for them, what is published
/// must be right. It fails, or is late, as it is told.
class SimSlotWeights : public master::SlotWeights {
 public:
  SimSlotWeights(Process* process, const SourceFaults* faults)
      : process_(process), faults_(faults) {}

  void Ask(const Period& period, uint32_t slots, Reply reply) override;

 private:
  Process* const process_;
  const SourceFaults* const faults_;
};

}  // namespace tymbal::testing
