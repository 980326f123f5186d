#pragma once

#include <string>
#include <vector>

#include "simulation/sim_scale.h"

namespace tymbal::testing {

/// Returns how long a master thinks in clusters of these sizes, by the real clock of this machine,
/// as a table of Markdown: other numbers each time, unlike all else here.
std::string MeasureThinking(const std::vector<ScaleOptions>& sizes);

}  // namespace tymbal::testing
