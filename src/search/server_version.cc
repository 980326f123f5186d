#include "search/server_version.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <string_view>

#include "common/text.h"

namespace tymbal::search {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kCure =
    "; say what it is with source.elasticsearch.version, for instance \"elasticsearch 8.17\"";

Result<ServerVersion> Parse(Engine engine, std::string_view number) {
  ServerVersion version{engine, 0, 0};
  const char* const end = number.data() + number.size();
  auto parsed = std::from_chars(number.data(), end, version.major);
  if (parsed.ec == std::errc() && parsed.ptr != end && *parsed.ptr == '.') {
    parsed = std::from_chars(parsed.ptr + 1, end, version.minor);
  }
  if (parsed.ec != std::errc()) {
    return InvalidArgument(fmt::format("'{}' is no version number", Printable(number)));
  }
  const bool known = engine == Engine::kOpenSearch ? version.major >= 1 && version.major <= 3
                                                   : version.major >= 6 && version.major <= 9;
  if (known) return version;
  return InvalidArgument(version.Text() +
                         " is not known; Elasticsearch 6 to 9 and OpenSearch 1 to 3 are");
}

Result<ServerVersion> ReadRoot(const HttpBody& body) {
  dom::parser parser;
  dom::element root;
  std::string_view number;
  if (parser.parse(body.text().data(), body.size).get(root) != simdjson::SUCCESS ||
      root.at_pointer("/version/number").get(number) != simdjson::SUCCESS) {
    return InvalidArgument("the server doesn't say its version" + std::string(kCure));
  }
  std::string_view distribution;
  const bool is_opensearch =
      root.at_pointer("/version/distribution").get(distribution) == simdjson::SUCCESS &&
      distribution == "opensearch";
  return Parse(is_opensearch ? Engine::kOpenSearch : Engine::kElasticsearch, number);
}

Result<ServerVersion> ReadNodes(const HttpBody& body) {
  dom::parser parser;
  dom::object nodes;
  if (parser.parse(body.text().data(), body.size).at_key("nodes").get(nodes) == simdjson::SUCCESS) {
    for (const auto node : nodes) {
      std::string_view number;
      if (node.value["version"].get(number) == simdjson::SUCCESS) {
        // OpenSearch always answers GET /.
        return Parse(Engine::kElasticsearch, number);
      }
    }
  }
  return InvalidArgument("the server doesn't say its version" + std::string(kCure));
}

}  // namespace

std::string ServerVersion::Text() const {
  return fmt::format("{} {}.{}", engine == Engine::kOpenSearch ? "OpenSearch" : "Elasticsearch",
                     major, minor);
}

Result<ServerVersion> ParseServerVersion(const std::string& text) {
  const size_t blank = text.find(' ');
  const std::string_view name = std::string_view(text).substr(0, blank);
  const std::string_view number =
      blank == std::string::npos ? "" : std::string_view(text).substr(blank + 1);
  if (name == "elasticsearch") return Parse(Engine::kElasticsearch, number);
  if (name == "opensearch") return Parse(Engine::kOpenSearch, number);
  return InvalidArgument(fmt::format(
      "'{}' is no server; write for instance \"elasticsearch 8.17\" or \"opensearch 2.19\"",
      Printable(text)));
}

Result<ServerVersion> AskServerVersion(SearchClient* client) {
  const Status root = client->Do({.method = "GET", .target = "/"});
  if (root.ok()) return ReadRoot(client->body());
  // Who we are is not accepted, or nobody is there: another question gets the same answer.
  if (root.code() == StatusCode::kUnavailable) return root;
  const Status nodes =
      client->Do({.method = "GET", .target = "/_nodes/_local?filter_path=nodes.*.version"});
  if (nodes.ok()) return ReadNodes(client->body());
  // One that doesn't know the first question (405) says more about who we are by the second.
  const Status& telling = root.code() == StatusCode::kBadInput ? nodes : root;
  return Status(telling.code(), telling.message() + std::string(kCure))
      .WithContext("asking for the version of the server");
}

}  // namespace tymbal::search
