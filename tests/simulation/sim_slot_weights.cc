#include "simulation/sim_slot_weights.h"

#include <chrono>
#include <utility>
#include <vector>

namespace tymbal::testing {
namespace {

/// Some slots have nothing, some outweigh all others, sometimes nothing weighs anything.
std::vector<uint64_t> DrawWeights(World* world, uint32_t slots) {
  std::vector<uint64_t> weights(slots);
  const int64_t heavy = world->Between(0, 3);
  if (world->Chance(0.1)) return weights;
  for (uint64_t& weight : weights) weight = static_cast<uint64_t>(world->Below(100));
  for (int64_t i = 0; i < heavy; ++i) weights[static_cast<size_t>(world->Below(slots))] = 50'000;
  return weights;
}

}  // namespace

void SimSlotWeights::Ask(const Period& /*period*/, uint32_t slots, Reply reply) {
  World* const world = process_->world();
  Result<std::vector<uint64_t>> weights = DrawWeights(world, slots);
  if (world->Chance(faults_->weights_error)) weights = Unavailable("the source is away");
  const int64_t after_ms = world->Chance(faults_->weights_late)
                               ? world->Between(kWeighMs, 8 * kWeighMs)
                               : world->Between(1, kWeighMs / 4);
  process_->After(std::chrono::milliseconds(after_ms),
                  [reply = std::move(reply), weights = std::move(weights)] { reply(weights); });
}

}  // namespace tymbal::testing
