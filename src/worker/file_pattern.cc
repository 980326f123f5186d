#include "worker/file_pattern.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <memory>
#include <set>

#include "common/time_text.h"

namespace tymbal::worker {
namespace {

constexpr int64_t kHourMs = 3'600'000;

/// `iso`: "2026-11-22T10:…".
Result<std::string> ExpandHour(std::string_view pattern, std::string_view iso) {
  std::string path;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      path += pattern[i];
      continue;
    }
    const char what = i + 1 < pattern.size() ? pattern[++i] : '\0';
    switch (what) {
      case 'Y':
        path += iso.substr(0, 4);
        break;
      case 'm':
        path += iso.substr(5, 2);
        break;
      case 'd':
        path += iso.substr(8, 2);
        break;
      case 'H':
        path += iso.substr(11, 2);
        break;
      case '%':
        path += '%';
        break;
      default:
        return InvalidArgument(
            fmt::format("{}: behind a % stands one of Y, m, d, H, or another %", pattern));
    }
  }
  return path;
}

}  // namespace

Result<std::vector<std::string>> ExpandTime(std::string_view pattern, const Period& period) {
  const TimeZone utc = TimeZone::Utc();
  std::vector<std::string> paths;
  int64_t hour_ms = period.start_ms - period.start_ms % kHourMs;
  for (; hour_ms < period.end_ms; hour_ms += kHourMs) {
    TYMBAL_ASSIGN_OR_RETURN(std::string path, ExpandHour(pattern, utc.Format(hour_ms)));
    if (paths.empty() || paths.back() != path) paths.push_back(std::move(path));
  }
  std::set<std::string> seen;
  std::erase_if(paths, [&](const std::string& path) { return !seen.insert(path).second; });
  return paths;
}

Result<std::vector<std::string>> FindFiles(std::string_view pattern, const Period& period) {
  TYMBAL_ASSIGN_OR_RETURN(const std::vector<std::string> patterns, ExpandTime(pattern, period));
  std::set<std::string> files;
  for (const std::string& one : patterns) {
    glob_t found{};
    const int rc = glob(one.c_str(), GLOB_ERR | GLOB_NOSORT, nullptr, &found);
    for (size_t i = 0; rc == 0 && i < found.gl_pathc; ++i) files.insert(found.gl_pathv[i]);
    globfree(&found);
    if (rc != 0 && rc != GLOB_NOMATCH) {
      return BadInput(fmt::format("{}: a folder can't be read", one));
    }
  }
  if (!files.empty()) return std::vector<std::string>(files.begin(), files.end());
  const TimeZone utc = TimeZone::Utc();
  return BadInput(fmt::format("no file matches {} for the period from {} to {}", pattern,
                              utc.FormatShort(period.start_ms), utc.FormatShort(period.end_ms)));
}

}  // namespace tymbal::worker
