#pragma once

#include <string>

#include "common/status.h"

namespace tymbal {

/// Reads a small text file whole. Errors: kInvalidArgument, naming the file: it can't be read, or
/// has more than 1 MiB.
Result<std::string> ReadTextFile(const std::string& path);

}  // namespace tymbal
