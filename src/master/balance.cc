#include "master/balance.h"

#include <algorithm>
#include <map>

#include "common/uint128.h"

namespace tymbal::master {

std::optional<Balance> BalanceOf(const RunRecord& run) {
  Balance balance{.period = run.period, .heavy = {}};
  std::map<NodeId, uint64_t> of_node;
  for (const FragmentRecord& fragment : run.fragments) {
    of_node[fragment.node] += fragment.coverage.read;
    balance.spans += fragment.coverage.read;
  }
  if (balance.spans == 0) return std::nullopt;
  balance.nodes = of_node.size();
  uint64_t heaviest = 0;
  for (const auto& [node, spans] : of_node) heaviest = std::max(heaviest, spans);
  balance.heaviest = static_cast<double>(heaviest) * static_cast<double>(balance.nodes) /
                     static_cast<double>(balance.spans);
  for (const FragmentRecord& fragment : run.fragments) {
    const bool one_slot = fragment.slots.to - fragment.slots.from == 1;
    const uint64_t spans = fragment.coverage.read;
    if (!one_slot || Uint128{spans} * balance.nodes <= balance.spans) continue;
    if (balance.heavy && balance.heavy->weight >= spans) continue;
    balance.heavy = HeavySlot{fragment.slots.from, spans, balance.spans};
  }
  return balance;
}

}  // namespace tymbal::master
