#pragma once

#include <string>
#include <string_view>

#include "common/status.h"

namespace tymbal {

/// Where ZooKeeper is, and below which znode everything of a user stands.
struct ZookeeperAddress {
  std::string servers;      ///< "host:port,host:port".
  std::string chroot = {};  ///< "/path", or empty: none.

  /// Returns the whole path of what its user calls `path`, which begins with a '/'.
  std::string Below(std::string_view path) const;
};

/// Reads "host:port,host:port/chroot". The chroot is kept apart from the servers, for it must be
/// made when it isn't there, which a session inside of it can't do.
/// Errors: kInvalidArgument that says what is wrong.
Result<ZookeeperAddress> ParseZookeeperAddress(std::string_view text);

/// Checks that a path may be one of a znode: "/", or "/name/name" without empty names, "." and
/// "..", or control characters.
Status CheckZnodePath(std::string_view path);

}  // namespace tymbal
