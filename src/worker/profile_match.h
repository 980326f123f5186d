#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "common/status.h"
#include "worker/profile.h"

namespace tymbal::worker {

/// What is known of documents whose profile is wanted.
struct ProfileEvidence {
  std::vector<std::string> documents = {};  ///< A sample, as JSON.
  /// The fields of the index, by their full names. They decide only where there is no document.
  std::vector<std::string> mapping_fields = {};
  std::string index = {};  ///< Decides nothing: names are easily changed. Part of the reason.
};

struct ProfileMatch {
  Profile profile;
  std::string reason;  ///< Why, in words.
};

/// Returns the one of `profiles` that fits, whatever its kinds. A profile fits documents when it
/// makes spans of at least one of them and of at least half of those that its `only` doesn't leave
/// out; an empty index, when that has all fields that it needs. Errors: kInvalidArgument when none
/// or several fit, with what each makes of the evidence.
Result<ProfileMatch> MatchProfile(std::span<const Profile> profiles,
                                  const ProfileEvidence& evidence);

/// Returns all shipped profiles.
Result<std::vector<Profile>> LoadShippedProfiles();

/// Returns up to `count` records of the first of `paths` that holds any. Errors: kInvalidArgument
/// for standard input and pipes, which can't be read a second time; kBadInput as InputStream.
Result<std::vector<std::string>> SampleRecords(std::span<const std::string> paths, size_t count);

}  // namespace tymbal::worker
