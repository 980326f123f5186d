#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tymbal::master {

/// Chooses an owner in [0, nodes) for each slot, such that the heaviest owner has as little as can
/// be while there are at most `runs_max` runs of slots that are one owner's: the fewer there are,
/// the cheaper are the questions to a server.
///
/// Contiguous ranges come first: runs_max = nodes gives no more. What they lack is room for the few
/// slots of the most popular endpoints, wherever those lie. So the heaviest slots are dealt out
/// like cards, each to the owner who has least, and the others are cut into contiguous ranges that
/// fill up what the owners have. How many are dealt out is tried; each breaks at most one range and
/// is a run of its own. More are dealt only where the heaviest owner gets lighter by a percent, so
/// it is never heavier than contiguous ranges make it.
///
/// Each owner has a slot. Equal weights give equal owners. REQUIRES: 0 < nodes <= weights.size() <=
/// kPartitionRowMax.
std::vector<size_t> ChooseOwners(std::span<const uint64_t> weights, size_t nodes, size_t runs_max);

}  // namespace tymbal::master
