#include "simulation/seed_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "common/file_text.h"

namespace tymbal::testing {
namespace {

constexpr uint64_t kSeedsMax = 10'000'000;

std::optional<uint64_t> ParseSeed(std::string_view text) {
  uint64_t seed = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, seed);
  if (error != std::errc() || rest != end) return std::nullopt;
  return seed;
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

Result<std::vector<uint64_t>> ParseSeedRange(std::string_view text) {
  const size_t dots = text.find("..");
  const std::optional<uint64_t> first = ParseSeed(text.substr(0, dots));
  const std::optional<uint64_t> last =
      dots == std::string_view::npos ? first : ParseSeed(text.substr(dots + 2));
  if (!first || !last || *first > *last || *last - *first >= kSeedsMax) {
    return InvalidArgument(fmt::format("\"{}\" is no range of seeds, as 1..2000 is", text));
  }
  std::vector<uint64_t> seeds;
  for (uint64_t seed = *first; seeds.size() <= *last - *first; ++seed) seeds.push_back(seed);
  return seeds;
}

Result<std::vector<uint64_t>> ParseSeedList(std::string_view text) {
  std::vector<uint64_t> seeds;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const size_t hash = line.find('#');
    const std::optional<uint64_t> seed = ParseSeed(Trim(line.substr(0, hash)));
    if (!seed || hash == std::string_view::npos || Trim(line.substr(hash + 1)).empty()) {
      return InvalidArgument(fmt::format(
          "line {}: \"{}\" is no seed with its reason, as \"528  # why\"", number, line));
    }
    seeds.push_back(*seed);
  }
  if (seeds.empty()) return InvalidArgument("the list has no seeds");
  return seeds;
}

Result<std::vector<uint64_t>> ReadSeedFile(const std::string& path) {
  TYMBAL_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  auto seeds = ParseSeedList(text);
  if (!seeds) return seeds.error().WithContext(path);
  return seeds;
}

}  // namespace tymbal::testing
