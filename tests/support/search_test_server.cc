#include "support/search_test_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "common/text.h"
#include "search/curl_http_client.h"
#include "search/search_target.h"
#include "support/test_environment.h"

namespace tymbal::testing {
namespace {

constexpr size_t kBulkDocuments = 5'000;

std::string NextPrefix() {
  static std::atomic<int> count = 0;
  return fmt::format("spans-test-{}-{}-", getpid(), ++count);
}

std::unique_ptr<search::SearchClient> MakeClient(const std::string& url, search::RequestGate* gate,
                                                 const std::atomic<bool>* cancel) {
  auto target =
      search::ParseSearchTarget({.hosts = url}, [](const std::string&) { return std::nullopt; });
  if (!target) throw std::runtime_error(target.error().message());
  const auto make = search::MakeCurlHttpFactory({.target = std::move(*target)});
  return std::make_unique<search::SearchClient>(make(), gate, cancel,
                                                search::SearchClientOptions{});
}

std::string IndexBody(const FieldMappings& fields, const std::string& settings) {
  std::string properties;
  for (const auto& [name, mapping] : fields) {
    properties += fmt::format("{}{}:{}", properties.empty() ? "" : ",", JsonQuote(name), mapping);
  }
  return fmt::format(R"({{"settings":{{"index":{}}},"mappings":{{"properties":{{{}}}}}}})",
                     settings, properties);
}

/// Elasticsearch 6 wants a type between `mappings` and what it maps.
std::string WithType(std::string body) {
  const size_t begin = body.find('{', body.find("\"mappings\""));
  size_t end = begin;
  for (int depth = 0; end < body.size(); ++end) {
    if (body[end] == '{') ++depth;
    if (body[end] == '}' && --depth == 0) break;
  }
  return body.insert(end, "}").insert(begin, "{\"_doc\":");
}

}  // namespace

const std::vector<SearchTestServer>& SearchTestServers() {
  static const std::vector<SearchTestServer> servers = {
      {"Opensearch2", "TYMBAL_TEST_OPENSEARCH2_URL"},
      {"Opensearch3", "TYMBAL_TEST_OPENSEARCH3_URL"},
      {"Elasticsearch6", "TYMBAL_TEST_ELASTICSEARCH6_URL"},
      {"Elasticsearch7", "TYMBAL_TEST_ELASTICSEARCH7_URL"},
      {"Elasticsearch8", "TYMBAL_TEST_ELASTICSEARCH8_URL"},
      {"Elasticsearch9", "TYMBAL_TEST_ELASTICSEARCH9_URL"}};
  return servers;
}

std::optional<std::string> FindServer(const SearchTestServer& server) {
  std::optional<std::string> url = ReadVariable(server.variable);
  return url && !url->empty() ? url : std::nullopt;
}

std::string SendToServer(const std::string& url, std::string_view method, const std::string& target,
                         const std::string& body) {
  search::RequestGate gate({});
  const std::atomic<bool> never{false};
  const auto client = MakeClient(url, &gate, &never);
  const Status status = client->Do({.method = method, .target = target, .body = body});
  if (!status.ok()) throw std::runtime_error(status.message());
  return std::string(client->body().text());
}

FieldMappings SpanMappings(const FieldMappings& changed) {
  FieldMappings fields = {
      {"app", R"({"type":"keyword"})"},      {"service", R"({"type":"keyword"})"},
      {"method", R"({"type":"keyword"})"},   {"start_time", R"({"type":"date"})"},
      {"duration_us", R"({"type":"long"})"}, {"error", R"({"type":"boolean"})"},
      {"trace_id", R"({"type":"keyword"})"}, {"span_id", R"({"type":"keyword"})"},
      {"kind", R"({"type":"keyword"})"},     {"slot", R"({"type":"integer"})"}};
  for (const auto& [name, mapping] : changed) fields[name] = mapping;
  std::erase_if(fields, [](const auto& field) { return field.second.empty(); });
  return fields;
}

SearchTestIndices::SearchTestIndices(const std::string& url)
    : url_(url), prefix_(NextPrefix()), gate_({}), client_(MakeClient(url, &gate_, &never_)) {
  auto version = search::AskServerVersion(client_.get());
  if (!version) throw std::runtime_error(version.error().message());
  version_ = *version;
}

SearchTestIndices::~SearchTestIndices() {
  for (const std::string& name : made_) {
    const Status status = client_->Do({.method = "DELETE", .target = "/" + name});
    if (!status.ok() && status.code() != StatusCode::kNotFound) {
      fmt::print(stderr, "{} stays: {}\n", name, status.message());
    }
  }
}

std::string SearchTestIndices::Do(std::string_view method, const std::string& target,
                                  const std::string& body) {
  const bool bulk = target.find("/_bulk") != std::string::npos;
  const Status status =
      client_->Do({.method = method,
                   .target = target,
                   .body = body,
                   .content_type = bulk ? "application/x-ndjson" : "application/json"});
  if (!status.ok()) throw std::runtime_error(status.message());
  return std::string(client_->body().text());
}

std::string SearchTestIndices::Create(const std::string& name, const FieldMappings& fields,
                                      const std::string& settings) {
  return CreateFromBody(name, IndexBody(fields, settings));
}

std::string SearchTestIndices::CreateFromBody(const std::string& name, const std::string& body) {
  const std::string index = prefix_ + name;
  made_.push_back(index);
  Do("PUT", "/" + index, version_.IsSince7() ? body : WithType(body));
  Do("PUT", "/" + index + "/_settings", R"({"index":{"number_of_replicas":0}})");
  return index;
}

std::string SearchTestIndices::Alias(const std::string& name,
                                     const std::vector<std::string>& indices) {
  const std::string alias = prefix_ + name;
  std::string actions;
  for (const std::string& index : indices) {
    actions += fmt::format(R"({}{{"add":{{"index":"{}","alias":"{}"}}}})",
                           actions.empty() ? "" : ",", index, alias);
  }
  Do("POST", "/_aliases", fmt::format(R"({{"actions":[{}]}})", actions));
  return alias;
}

void SearchTestIndices::Load(const std::string& index, const std::vector<std::string>& documents,
                             const std::string& id_prefix) {
  const std::string target =
      fmt::format("/{}{}/_bulk?refresh=true", index, version_.IsSince7() ? "" : "/_doc");
  std::string lines;
  for (size_t i = 0; i < documents.size(); ++i) {
    lines += fmt::format("{{\"index\":{{\"_id\":\"{}{}\"}}}}\n{}\n", id_prefix, i, documents[i]);
    if ((i + 1) % kBulkDocuments != 0 && i + 1 != documents.size()) continue;
    const std::string answer = Do("POST", target, lines);
    if (answer.find(R"("errors":false)") == std::string::npos) {
      throw std::runtime_error("a bulk request: " + answer.substr(answer.find("\"error\"")));
    }
    lines.clear();
  }
}

Config SearchTestConfig(const std::string& url, const std::string& index) {
  Config config = DefaultConfig([](const std::string&) { return std::nullopt; });
  config.source_type = "elasticsearch";
  config.search.hosts = url;
  config.search.index = index;
  config.search.deadline_ms = 20'000;
  config.search.patience_ms = 5'000;
  return config;
}

}  // namespace tymbal::testing
