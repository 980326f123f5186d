#include "support/test_environment.h"

#include <cstdlib>
#include <string_view>

namespace tymbal::testing {

std::optional<std::string> ReadVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string WhyNoServer(const std::string& variable) {
  constexpr std::string_view kUrl = "_URL";
  const std::string kind = variable.substr(0, variable.size() - kUrl.size());
  const std::optional<std::string> reason = ReadVariable(kind + "_SKIPPED");
  if (reason.has_value()) return *reason;
  return variable + " names no server; scripts/stack starts one";
}

}  // namespace tymbal::testing
