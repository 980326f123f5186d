#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config.h"
#include "common/status.h"

namespace tymbal::search {

/// One server of a cluster.
struct SearchHost {
  std::string url;   ///< "https://es1:9200/prefix": a request's target goes right behind it.
  std::string name;  ///< "es1:9200", for messages.
};

/// How to reach a cluster of Elasticsearch or OpenSearch. Holds credentials: never log it whole.
struct SearchTarget {
  std::vector<SearchHost> hosts;  ///< At least one; all http or all https.
  bool https = false;
  std::string authorization;            ///< Value of the header, ready to send; empty: none.
  std::string ca_file;                  ///< Replaces the system's authorities. Empty: the system's.
  std::string client_certificate_file;  ///< PEM. Empty: none.
  std::string client_key_file;          ///< PEM, without a passphrase. Empty: none.
  std::string user_agent = "tymbal/" TYMBAL_VERSION;
  std::string opaque_id = "tymbal";  ///< Begins each X-Opaque-Id.

  /// Returns whether who listens on the network reads the credentials: worth a warning.
  bool ShowsCredentials() const;
};

/// What a configuration says about a cluster; empty: not set.
struct SearchTargetText {
  std::string hosts = {};  ///< "https://es1:9200,https://es2:9200/prefix".
  std::string user = {};
  std::string password_file = {};
  std::string api_key_file = {};  ///< "id:key", or the same encoded, as the server shows it.
  std::string token_file = {};
  std::string ca_file = {};
  std::string client_certificate_file = {};
  std::string client_key_file = {};
  std::string opaque_id = {};
};

/// The keys of the configuration begin so; messages name them.
inline constexpr std::string_view kSearchKeys = "source.elasticsearch.";

/// Checks what was configured and reads the secrets: each from its file, which nobody else may
/// read, or else from TYMBAL_SOURCE_PASSWORD, TYMBAL_SOURCE_API_KEY or TYMBAL_SOURCE_TOKEN. Errors:
/// kInvalidArgument naming the key and the cure, never a value that could hold a secret (I10): user
/// info in a URL, two ways to log in, anything that would break out of a header, a file that is
/// missing or open to others.
Result<SearchTarget> ParseSearchTarget(const SearchTargetText& text,
                                       const Environment& environment);

}  // namespace tymbal::search
