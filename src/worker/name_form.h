#pragma once

#include <optional>
#include <string_view>

#include "common/arena.h"
#include "worker/profile.h"

namespace tymbal::worker {

/// Returns the bytes that `text` is the base64 of (RFC 4648, section 4, with its padding), in
/// `arena`. Returns nothing when it is not exactly what an encoder writes: then one text would have
/// several encodings, and a filter on the encoded form would miss the others.
std::optional<std::string_view> DecodeBase64(std::string_view text, Arena* arena);

/// Returns the name in one of SkyWalking's ids (its IDManager.java), in `arena`. Returns nothing
/// when `id` has not that form, or the name is no UTF-8. REQUIRES: `form` is kSkywalkingService or
/// kSkywalkingEndpoint.
std::optional<std::string_view> NameOfSkywalkingId(NameForm form, std::string_view id,
                                                   Arena* arena);

}  // namespace tymbal::worker
