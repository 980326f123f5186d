#pragma once

#include <ostream>

#include "cli/index_command.h"
#include "common/config.h"
#include "common/status.h"

namespace tymbal::cli {

/// `tymbal index check`: says what a search source will find, how it will read it, what that costs
/// and what to change. Counts, and reads a few documents; writes nothing but to `out`. Errors:
/// those of SearchClient; kBadInput, after what was found, when the index can't be read.
Status CheckIndex(const IndexOptions& options, const Environment& environment, std::ostream& out);

}  // namespace tymbal::cli
