#pragma once

#include <string>
#include <string_view>

#include "common/config.h"

namespace tymbal::cli {

/// Returns the environment of this process, for the wiring to hand to what needs it.
Environment ProcessEnvironment();

/// Returns `message` made safe for a terminal line by line: what a user named stays harmless, the
/// message's own line ends stay.
std::string PrintableLines(std::string_view message);

}  // namespace tymbal::cli
