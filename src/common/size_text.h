#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/status.h"

namespace tymbal {

/// Parses "512MiB", "2GiB", "64KiB" or plain bytes. Errors: kInvalidArgument.
Result<uint64_t> ParseSizeBytes(std::string_view text);

}  // namespace tymbal
