#include "common/endpoint.h"

#include <xxhash.h>

namespace tymbal {

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kMethod:
      return "method";
    case Level::kService:
      return "service";
    case Level::kApp:
      return "app";
  }
  return "";
}

uint64_t EndpointId(Level level, std::string_view app, std::string_view service,
                    std::string_view method) {
  std::string key;
  key.reserve(1 + 3 * 4 + app.size() + service.size() + method.size());
  key.push_back(static_cast<char>(level));
  for (const std::string_view name : {app, service, method}) {
    for (int shift = 0; shift < 32; shift += 8) {
      key.push_back(static_cast<char>((name.size() >> shift) & 0xFF));
    }
    key += name;
  }
  return XXH3_64bits(key.data(), key.size());
}

}  // namespace tymbal
