#pragma once

#include "common/config.h"
#include "common/config_section.h"
#include "common/status.h"

namespace tymbal {

/// Reads source.elasticsearch. Errors: kInvalidArgument naming the key.
Status ReadSearchConfig(Section& section, SearchConfig* config);

/// Returns whether all its values are in range. Errors: as above.
Status CheckSearchConfig(const SearchConfig& config);

}  // namespace tymbal
