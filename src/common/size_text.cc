#include "common/size_text.h"

#include <array>
#include <charconv>
#include <utility>

namespace tymbal {

Result<uint64_t> ParseSizeBytes(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, int>, 8> kUnits = {{{"", 0},
                                                                       {"KiB", 10},
                                                                       {"MiB", 20},
                                                                       {"GiB", 30},
                                                                       {"TiB", 40},
                                                                       {"K", 10},
                                                                       {"M", 20},
                                                                       {"G", 30}}};
  uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  for (const auto& [name, shift] : kUnits) {
    if (code != std::errc() || unit != name || number > (UINT64_MAX >> shift)) continue;
    return number << shift;
  }
  return InvalidArgument("'" + std::string(text) +
                         "' is no size; write a whole number and KiB, MiB or GiB, for instance "
                         "512MiB");
}

}  // namespace tymbal
