#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "common/status.h"
#include "search/search_client.h"
#include "search/server_version.h"
#include "worker/profile.h"
#include "worker/profile_match.h"

namespace tymbal::worker {

/// Looks at an index whose profile is wanted: its newest documents, up to `count`, and its fields.
/// Newest by whatever time fields of `profiles` it has. Errors: those of SearchClient; kNotFound
/// when no index of the pattern is there or open.
Result<ProfileEvidence> SampleIndex(search::SearchClient* client,
                                    const search::ServerVersion& version,
                                    const std::string& pattern, std::span<const Profile> profiles,
                                    size_t count);

}  // namespace tymbal::worker
