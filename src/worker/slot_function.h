#pragma once

#include <cstdint>
#include <string_view>

#include "worker/profile.h"

namespace tymbal::worker {

/// How many slots the original cicada has (its job.slot.range).
inline constexpr uint32_t kCicadaSlots = 65'536;

/// Returns the slot in [0, slots) that an endpoint has by a function: SlotOf(), or the original
/// cicada's sliceNo of its numeric ids, evenly divided over `slots`. REQUIRES: slots > 0, and for
/// kCicada a divisor of kCicadaSlots.
uint32_t SlotBy(SlotFunction function, std::string_view app, std::string_view service,
                std::string_view method, uint32_t slots);

}  // namespace tymbal::worker
