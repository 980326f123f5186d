#pragma once

#include <string>
#include <string_view>

#include "common/status.h"

namespace tymbal {

/// Reads a secret, one line of at most 4096 bytes, from a file that nobody but its owner may use.
/// Root's own may be readable by a group too: that is how systemd hands credentials to a service
/// (an access list with one user shows as rights of the group). `what` names the file in messages,
/// such as "the password file". Errors: kInvalidArgument with the path and the cure; never the
/// content (I10).
Result<std::string> ReadSecretFile(std::string_view what, const std::string& path);

/// Returns whether `path` is a file that can be read and that nobody but its owner may use, for
/// those that a library opens. Errors: as above.
Status CheckSecretFile(std::string_view what, const std::string& path);

}  // namespace tymbal
