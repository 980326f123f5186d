#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/coordinator.h"

namespace tymbal::master {

/// Nodes whose clocks differ by more than this are told of.
inline constexpr int64_t kClockDifferenceMaxMs = 5'000;

/// Returns how far a node's clock was ahead of the coordinator's when it last spoke, in ms; 0 where
/// the coordinator has no clock.
int64_t ClockAheadMs(const Member& member);

/// Returns a sentence for each thing that a person should mend: clocks that differ, nodes of
/// several machines that are registered with loopback addresses, different versions.
std::vector<std::string> CheckMembers(const std::vector<Member>& members);

}  // namespace tymbal::master
