#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/config.h"
#include "search/request_gate.h"
#include "search/search_client.h"
#include "search/server_version.h"

namespace tymbal::testing {

/// A real Elasticsearch or OpenSearch for tests, without accounts. scripts/stack starts them.
struct SearchTestServer {
  std::string name;      ///< For instance "Elasticsearch8".
  std::string variable;  ///< Of the environment, with its URL.
};

inline void PrintTo(const SearchTestServer& server, std::ostream* out) {  // For GoogleTest.
  *out << server.name;
}

/// All that scripts/stack knows.
const std::vector<SearchTestServer>& SearchTestServers();

/// Returns the server's URL, if the environment names it.
std::optional<std::string> FindServer(const SearchTestServer& server);

/// Sends one request to any server that speaks HTTP, and returns the answer's text. What fails
/// throws std::runtime_error.
std::string SendToServer(const std::string& url, std::string_view method, const std::string& target,
                         const std::string& body);

/// Types of fields by their names: the `properties` of a mapping. Each value is JSON.
using FieldMappings = std::map<std::string, std::string>;

/// Returns the fields of Tymbal's own spans, with those of `changed` instead; an empty one is left
/// out.
FieldMappings SpanMappings(const FieldMappings& changed = {});

/// Indices of one test on a server: their names begin with prefix(), and they are gone at the end.
/// All versions from Elasticsearch 6 on look alike here. What fails throws std::runtime_error.
class SearchTestIndices {
 public:
  explicit SearchTestIndices(const std::string& url);
  ~SearchTestIndices();
  SearchTestIndices(const SearchTestIndices&) = delete;
  SearchTestIndices& operator=(const SearchTestIndices&) = delete;

  const std::string& url() const { return url_; }
  const std::string& prefix() const { return prefix_; }
  const search::ServerVersion& version() const { return version_; }

  /// Makes an index; `settings` is JSON such as {"number_of_shards":2}. Returns its whole name:
  /// prefix() + name.
  std::string Create(const std::string& name, const FieldMappings& fields,
                     const std::string& settings = "{}");
  /// The same from the whole body of a request, as Elasticsearch 7 and later take it. REQUIRES: no
  /// braces in texts.
  std::string CreateFromBody(const std::string& name, const std::string& body);
  /// Makes an alias prefix() + name of indices (whole names). Returns its whole name.
  std::string Alias(const std::string& name, const std::vector<std::string>& indices);

  /// Adds documents (JSON objects), whose ids are `id_prefix` and a number; they can be found when
  /// it returns.
  void Load(const std::string& index, const std::vector<std::string>& documents,
            const std::string& id_prefix = "d");

  /// Sends any request and returns the answer's text.
  std::string Do(std::string_view method, const std::string& target, const std::string& body = "");

 private:
  const std::string url_;
  const std::string prefix_;
  const std::atomic<bool> never_{false};
  search::RequestGate gate_;
  std::unique_ptr<search::SearchClient> client_;
  search::ServerVersion version_;
  std::vector<std::string> made_;
};

/// Returns a configuration that reads `index` of the server at `url`, with little patience.
Config SearchTestConfig(const std::string& url, const std::string& index);

}  // namespace tymbal::testing
