#include "cli/environment.h"

#include <cstdlib>
#include <optional>

#include "common/text.h"

namespace tymbal::cli {

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

std::string PrintableLines(std::string_view message) {
  std::string out;
  while (true) {
    const size_t line_end = message.find('\n');
    out += Printable(message.substr(0, line_end));
    if (line_end == std::string_view::npos) return out;
    out.push_back('\n');
    message.remove_prefix(line_end + 1);
  }
}

}  // namespace tymbal::cli
