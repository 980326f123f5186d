#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/config.h"
#include "common/status.h"
#include "search/http_client.h"
#include "search/request_gate.h"
#include "search/search_client.h"
#include "worker/profile.h"
#include "worker/search_source.h"

namespace tymbal::cli {

/// Returns the index that is read: the configuration's, else the profile's.
std::string SearchIndexOf(const Config& config, const worker::Profile& profile);

/// Makes what reads a search server, as source.elasticsearch says. All that it makes shares the
/// limits on requests; it must outlive them. Thread: any.
class SearchOpener {
 public:
  /// Errors: kInvalidArgument naming the key: no hosts, credentials that can't be read, no index.
  static Result<std::unique_ptr<SearchOpener>> Create(const Config& config,
                                                      const worker::Profile& profile,
                                                      const Environment& environment);

  /// Says how many nodes read at the same time, and so share source.elasticsearch.max_rate.
  void set_nodes(uint32_t nodes) { gate_.set_nodes(nodes); }

  /// Sets what is called, on any thread, before a request is repeated.
  void set_on_retry(std::function<void(const Status& error)> on_retry);

  std::unique_ptr<worker::SearchSource> OpenSource();
  /// A client for questions beside the spans. `cancel` must outlive it.
  std::unique_ptr<search::SearchClient> OpenClient(const std::atomic<bool>* cancel);

  /// Returns what the server is: as the configuration says, or as it says itself.
  Result<search::ServerVersion> AskVersion(search::SearchClient* client) const;

  const std::string& index() const { return options_.index; }
  const std::string& cluster() const { return options_.cluster; }
  const worker::SearchSourceOptions& options() const { return options_; }
  /// Whether who listens on the network reads the credentials: worth a warning.
  bool shows_credentials() const { return shows_credentials_; }

 private:
  explicit SearchOpener(const search::RequestGateOptions& gate) : gate_(gate) {}

  search::RequestGate gate_;
  worker::SearchSourceOptions options_;
  bool shows_credentials_ = false;
};

}  // namespace tymbal::cli
