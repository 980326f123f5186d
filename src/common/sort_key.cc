#include "common/sort_key.h"

#include <array>
#include <string>

namespace tymbal {
namespace {

struct Named {
  SortKey key;
  std::string_view name;
};
constexpr std::array<Named, 14> kNames = {{{SortKey::kTime, "time"},
                                           {SortKey::kName, "name"},
                                           {SortKey::kCalls, "calls"},
                                           {SortKey::kErrors, "errors"},
                                           {SortKey::kErrorRate, "error_rate"},
                                           {SortKey::kSum, "sum"},
                                           {SortKey::kMean, "mean"},
                                           {SortKey::kMax, "max"},
                                           {SortKey::kP50, "p50"},
                                           {SortKey::kP75, "p75"},
                                           {SortKey::kP90, "p90"},
                                           {SortKey::kP95, "p95"},
                                           {SortKey::kP99, "p99"},
                                           {SortKey::kP999, "p999"}}};

}  // namespace

Result<SortKey> ParseSortKey(std::string_view name) {
  std::string known;
  for (const Named& candidate : kNames) {
    if (candidate.name == name) return candidate.key;
    known += (known.empty() ? "" : ", ") + std::string(candidate.name);
  }
  return InvalidArgument("can't sort by '" + std::string(name) + "'; write one of " + known);
}

std::string_view SortKeyName(SortKey key) {
  for (const Named& candidate : kNames) {
    if (candidate.key == key) return candidate.name;
  }
  return "";
}

}  // namespace tymbal
