#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/period.h"
#include "common/status.h"

namespace tymbal::worker {

/// Returns `pattern` with %Y %m %d %H replaced by each year, month, day and hour (UTC) that the
/// period touches, without duplicates, in order of time; %% is a percent sign. Errors:
/// kInvalidArgument for another letter behind a %.
Result<std::vector<std::string>> ExpandTime(std::string_view pattern, const Period& period);

/// Returns the files that match a pattern with the wildcards of the shell in a period, sorted, each
/// once. Errors: kBadInput, naming pattern and period, when there is none (I6): a missing file is
/// no empty period.
Result<std::vector<std::string>> FindFiles(std::string_view pattern, const Period& period);

}  // namespace tymbal::worker
