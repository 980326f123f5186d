#pragma once

#include <memory>
#include <string>

#include "common/clock.h"
#include "common/log.h"
#include "common/zookeeper_client.h"

namespace tymbal {

struct ZookeeperOptions {
  std::string servers;                  ///< "host:port,host:port".
  int64_t session_timeout_ms = 10'000;  ///< The servers may negotiate another one.
  /// "user:password" of a digest account; every znode that is made is then of this account alone.
  /// Empty: open to everyone. There is no list of accounts: any password makes one.
  /// The password crosses the network in clear text, as ZooKeeper's protocol has it. Never shown.
  std::string credentials = {};
};

/// Returns what makes real sessions, by the C client of ZooKeeper. Its callbacks come on threads of
/// its own: here they only copy what they are given and post it to `clock`, which, as `log`, must
/// outlive all clients.
ZookeeperFactory MakeZookeeperFactory(const ZookeeperOptions& options, Clock* clock, Log* log);

}  // namespace tymbal
