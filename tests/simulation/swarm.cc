#include "simulation/swarm.h"

#include <fmt/format.h>

namespace tymbal::testing {

Swarm DrawSwarm(World* world) {
  Swarm swarm;
  swarm.nodes = static_cast<int>(world->Between(2, 7));
  swarm.fault_every_ms = world->Between(200, 2'000);
  for (int* weight : {&swarm.cut, &swarm.freeze, &swarm.crash, &swarm.lose, &swarm.store_down,
                      &swarm.remove, &swarm.pause}) {
    *weight = world->Chance(0.6) ? static_cast<int>(world->Between(1, 5)) : 0;
  }
  for (int* weight : {&swarm.outage, &swarm.expire, &swarm.stop, &swarm.source_down}) {
    *weight = world->Chance(0.4) ? static_cast<int>(world->Between(1, 3)) : 0;
  }
  swarm.attempts_max = static_cast<int>(world->Between(2, 5));
  swarm.skew_ms = world->Chance(0.5) ? world->Between(0, 4'000) : 0;
  swarm.slow_message = world->Chance(0.5) ? 0.01 : 0;
  swarm.store.lose_request = world->Chance(0.5) ? 0.02 : 0;
  swarm.store.lose_reply = world->Chance(0.5) ? 0.02 : 0;
  swarm.store.slow = world->Chance(0.4) ? 0.03 : 0;
  swarm.source.error = world->Chance(0.3) ? 0.05 : 0;
  swarm.source.stuck = world->Chance(0.3) ? 0.05 : 0;
  swarm.source.weights_error = world->Chance(0.5) ? 0.3 : 0;
  swarm.source.weights_late = world->Chance(0.5) ? 0.3 : 0;
  return swarm;
}

std::string Describe(const Swarm& swarm) {
  return fmt::format(
      "nodes={} fault_every={}ms cut={} outage={} expire={} freeze={} crash={} stop={} lose={} "
      "store_down={} source_down={} attempts={} remove={} pause={} skew={}ms slow_message={} "
      "store(lose_request={} "
      "lose_reply={} slow={}) source(error={} stuck={} weights_error={} weights_late={})",
      swarm.nodes, swarm.fault_every_ms, swarm.cut, swarm.outage, swarm.expire, swarm.freeze,
      swarm.crash, swarm.stop, swarm.lose, swarm.store_down, swarm.source_down, swarm.attempts_max,
      swarm.remove, swarm.pause, swarm.skew_ms, swarm.slow_message, swarm.store.lose_request,
      swarm.store.lose_reply, swarm.store.slow, swarm.source.error, swarm.source.stuck,
      swarm.source.weights_error, swarm.source.weights_late);
}

}  // namespace tymbal::testing
