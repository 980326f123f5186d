#pragma once

#include <chrono>

#include "search/http_client.h"
#include "search/search_target.h"

namespace tymbal::search {

struct CurlHttpOptions {
  SearchTarget target;
  /// For name, connection and TLS together; never longer than a request's deadline.
  std::chrono::milliseconds connect_max{5'000};
  /// How long a server is left alone that could not be reached or has not answered.
  std::chrono::milliseconds rest_after_failure{5'000};
  /// Asks for gzip: for slow networks. On a fast one it costs more than it saves, and over TLS the
  /// length of an answer then tells something of its content (BREACH).
  bool compressed = false;
};

/// Returns what makes clients on libcurl. Each keeps its connections open; all of them go round the
/// target's servers together and leave alone who has failed. Answers of every status are answers,
/// redirects too: nothing is followed. Requests go to the target's servers and nowhere else: no
/// proxy and no password file of the environment is used.
///
/// Each request has an X-Opaque-Id with a number, which servers send back: the answer to another
/// one, by a proxy that mixes them up or has one in store, is an error and not taken for this
/// one's.
///
/// A request that breaks on a connection which had been idle, before any byte of an answer, is sent
/// once more on a new one: servers close idle connections whenever they like.
///
/// Thread: the factory is for any, each client for one at a time. A client may outlive the factory.
HttpClientFactory MakeCurlHttpFactory(CurlHttpOptions options);

}  // namespace tymbal::search
