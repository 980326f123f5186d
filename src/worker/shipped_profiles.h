#pragma once

#include <span>
#include <string_view>

namespace tymbal::worker {

/// A file of conf/profiles/, embedded by cmake/embed_profiles.cmake.
struct ShippedProfile {
  std::string_view name;
  std::string_view yaml;
};

/// Returns conf/profiles/*.yaml by name.
std::span<const ShippedProfile> ShippedProfiles();

}  // namespace tymbal::worker
