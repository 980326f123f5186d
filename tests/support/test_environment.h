#pragma once

#include <optional>
#include <string>

namespace tymbal::testing {

/// Returns the value of an environment variable, if it is set.
std::optional<std::string> ReadVariable(const std::string& name);

/// Returns why a test of a server must be skipped: what scripts/stack found missing, or that nobody
/// named one. `variable`: TYMBAL_TEST_<KIND>_URL, which names none.
std::string WhyNoServer(const std::string& variable);

}  // namespace tymbal::testing
