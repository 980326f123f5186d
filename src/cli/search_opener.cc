#include "cli/search_opener.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "search/curl_http_client.h"
#include "search/search_target.h"

namespace tymbal::cli {
namespace {

worker::SlotRead SlotReadOf(const std::string& text, worker::SlotRead of_profile) {
  if (text == "field") return worker::SlotRead::kField;
  if (text == "group") return worker::SlotRead::kGroup;
  return text == "scan" ? worker::SlotRead::kScan : of_profile;
}

std::optional<worker::ReadWay> ReadWayOf(const std::string& text) {
  if (text == "source") return worker::ReadWay::kSource;
  if (text == "values") return worker::ReadWay::kColumns;
  if (text == "values_then_ids") return worker::ReadWay::kColumnsThenIds;
  return std::nullopt;
}

search::SearchTargetText TargetOf(const SearchConfig& config) {
  return {.hosts = config.hosts,
          .user = config.user,
          .password_file = config.password_file,
          .api_key_file = config.api_key_file,
          .token_file = config.token_file,
          .ca_file = config.ca_file,
          .client_certificate_file = config.client_certificate_file,
          .client_key_file = config.client_key_file,
          .opaque_id = {}};
}

/// With a limit on the spans a second a page is at most those of one second of all nodes: a node
/// that waits for its turn longer would look as if it hung.
size_t PageRecords(const SearchConfig& search) {
  constexpr uint64_t kPageMin = 100;
  if (search.max_rate == 0) return search.page_spans;
  return std::min<size_t>(search.page_spans, std::max(search.max_rate, kPageMin));
}

}  // namespace

std::string SearchIndexOf(const Config& config, const worker::Profile& profile) {
  return config.search.index.empty() ? profile.index : config.search.index;
}

Result<std::unique_ptr<SearchOpener>> SearchOpener::Create(const Config& config,
                                                           const worker::Profile& profile,
                                                           const Environment& environment) {
  const SearchConfig& search = config.search;
  TYMBAL_ASSIGN_OR_RETURN(search::SearchTarget target,
                          search::ParseSearchTarget(TargetOf(search), environment));
  std::unique_ptr<SearchOpener> opener(
      new SearchOpener({.requests_max = search.requests, .rate_max = search.max_rate}));
  worker::SearchSourceOptions& options = opener->options_;
  options.profile = profile;
  options.profile.slot_read = SlotReadOf(search.slot_read, profile.slot_read);
  options.read = ReadWayOf(search.read);
  options.slow_calls = config.slow_calls;
  options.index = SearchIndexOf(config, profile);
  options.preference = search.preference;
  if (options.index.empty()) {
    return InvalidArgument("source.elasticsearch.index: the profile " + profile.name +
                           " names no index, so this must");
  }
  if (!search.version.empty()) {
    TYMBAL_ASSIGN_OR_RETURN(options.version, search::ParseServerVersion(search.version));
  }
  for (const search::SearchHost& host : target.hosts) {
    options.cluster += (options.cluster.empty() ? "" : ", ") + host.name;
  }
  opener->shows_credentials_ = target.ShowsCredentials();
  options.http =
      search::MakeCurlHttpFactory({.target = std::move(target), .compressed = search.compressed});
  options.gate = &opener->gate_;
  options.client.deadline = std::chrono::milliseconds(search.deadline_ms);
  options.client.patience = std::chrono::milliseconds(search.patience_ms);
  options.fetch = {.requests = search.requests,
                   .page_records = PageRecords(search),
                   .page_bytes = static_cast<size_t>(search.page_bytes)};
  return opener;
}

Result<search::ServerVersion> SearchOpener::AskVersion(search::SearchClient* client) const {
  if (options_.version) return *options_.version;
  return search::AskServerVersion(client);
}

void SearchOpener::set_on_retry(std::function<void(const Status& error)> on_retry) {
  options_.client.on_retry = std::move(on_retry);
}

std::unique_ptr<worker::SearchSource> SearchOpener::OpenSource() {
  return std::make_unique<worker::SearchSource>(options_);
}

std::unique_ptr<search::SearchClient> SearchOpener::OpenClient(const std::atomic<bool>* cancel) {
  return std::make_unique<search::SearchClient>(options_.http(), &gate_, cancel, options_.client);
}

}  // namespace tymbal::cli
