#pragma once

#include <cstdint>
#include <optional>

#include "worker/json_text.h"

namespace tymbal::worker {

/// More calls than this are never behind one document: a wrong field.
inline constexpr uint64_t kCallWeightMax = 1'000'000;

/// Returns how many calls a document stands for. A weight between two whole numbers, of which three
/// digits behind the point count, becomes the one or the other by a hash of the call's start and
/// duration: the same call always gets the same weight, whichever way it is read, and the sum over
/// many is right (3.333 becomes 3 twice, then 4). Returns nothing when it is negative or above
/// kCallWeightMax.
std::optional<uint64_t> WholeWeight(const JsonNumber& weight, int64_t start_ms,
                                    uint64_t duration_us);

}  // namespace tymbal::worker
