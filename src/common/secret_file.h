#pragma once

#include <string>
#include <string_view>

#include "common/status.h"

namespace tymbal {

/// Reads a secret of one line, at most 1024 bytes, from a file. `what` is what errors call it, such
/// as "the password file".
///
/// The file must be one that nobody else may use: of mode 0600 or less; root's own may be readable
/// by a group as well, since that is how systemd hands credentials to a service (an access list
/// with one user shows as rights of the group).
/// Errors: kInvalidArgument, naming the file and never what is in it.
Result<std::string> ReadSecretFile(const std::string& path, std::string_view what);

}  // namespace tymbal
