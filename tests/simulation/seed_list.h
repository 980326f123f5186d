#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace tymbal::testing {

/// Returns the seeds of "1..2000", or of a single number. Errors: kInvalidArgument.
Result<std::vector<uint64_t>> ParseSeedRange(std::string_view text);

/// Returns the seeds of a list: one a line, followed by "# " and the reason why it is there; empty
/// lines, and those that begin with '#', are skipped. Errors: kInvalidArgument, with the line's
/// number; also for a list without seeds, which would check nothing.
Result<std::vector<uint64_t>> ParseSeedList(std::string_view text);

/// The same from a file.
Result<std::vector<uint64_t>> ReadSeedFile(const std::string& path);

}  // namespace tymbal::testing
