#include "common/search_config.h"

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace tymbal {
namespace {

constexpr size_t kRequestsMax = 32;
constexpr size_t kPageSpansMax = 10'000;
constexpr uint64_t kPageBytesMin = uint64_t{64} << 10;
constexpr uint64_t kPageBytesMax = uint64_t{64} << 20;
constexpr int64_t kDeadlineMinMs = 1'000;
constexpr int64_t kDeadlineMaxMs = 3'600'000;

Status Out(std::string_view key, std::string_view what) {
  return InvalidArgument(fmt::format("source.elasticsearch.{}: {}", key, what));
}

Status RequireOneOf(std::string_view key, const std::string& value,
                    std::initializer_list<std::string_view> allowed) {
  for (const std::string_view one : allowed) {
    if (value == one) return Status::Ok();
  }
  return Out(key, fmt::format("'{}' must be one of {}", value, fmt::join(allowed, ", ")));
}

Status TakeFlag(const std::string& text, bool* target) {
  if (text != "true" && text != "false") {
    return InvalidArgument("'" + text + "' must be true or false");
  }
  *target = text == "true";
  return Status::Ok();
}

}  // namespace

Status ReadSearchConfig(Section& section, SearchConfig* config) {
  const std::pair<const char*, std::string*> texts[] = {
      {"hosts", &config->hosts},
      {"index", &config->index},
      {"user", &config->user},
      {"password_file", &config->password_file},
      {"api_key_file", &config->api_key_file},
      {"token_file", &config->token_file},
      {"ca_file", &config->ca_file},
      {"client_certificate_file", &config->client_certificate_file},
      {"client_key_file", &config->client_key_file},
      {"version", &config->version},
      {"read", &config->read},
      {"slot_read", &config->slot_read},
      {"preference", &config->preference}};
  for (const auto& [key, target] : texts) {
    TYMBAL_RETURN_IF_ERROR(
        section.Scalar(key, [to = target](const std::string& text) { return TakeText(text, to); }));
  }
  const std::pair<const char*, size_t*> counts[] = {{"requests", &config->requests},
                                                    {"page_spans", &config->page_spans},
                                                    {"max_rate", &config->max_rate}};
  for (const auto& [key, target] : counts) {
    TYMBAL_RETURN_IF_ERROR(section.Scalar(
        key, [to = target](const std::string& text) { return TakeCount(text, to); }));
  }
  const std::pair<const char*, int64_t*> durations[] = {{"deadline", &config->deadline_ms},
                                                        {"patience", &config->patience_ms}};
  for (const auto& [key, target] : durations) {
    TYMBAL_RETURN_IF_ERROR(section.Scalar(
        key, [to = target](const std::string& text) { return TakeDuration(text, to); }));
  }
  TYMBAL_RETURN_IF_ERROR(section.Scalar("page_bytes", [config](const std::string& text) {
    return TakeMemory(text, &config->page_bytes);
  }));
  return section.Scalar("compressed", [config](const std::string& text) {
    return TakeFlag(text, &config->compressed);
  });
}

Status CheckSearchConfig(const SearchConfig& config) {
  TYMBAL_RETURN_IF_ERROR(
      RequireOneOf("read", config.read, {"auto", "source", "values", "values_then_ids"}));
  TYMBAL_RETURN_IF_ERROR(
      RequireOneOf("slot_read", config.slot_read, {"auto", "field", "group", "scan"}));
  if (config.preference.starts_with("_shards")) {
    return Out("preference", "_shards would leave spans out; it chooses among copies only");
  }
  if (config.requests < 1 || config.requests > kRequestsMax) {
    return Out("requests", fmt::format("must be from 1 to {}", kRequestsMax));
  }
  if (config.page_spans < 1 || config.page_spans > kPageSpansMax) {
    return Out("page_spans", fmt::format("must be from 1 to {}", kPageSpansMax));
  }
  if (config.page_bytes < kPageBytesMin || config.page_bytes > kPageBytesMax) {
    return Out("page_bytes", "must be from 64KiB to 64MiB");
  }
  if (config.deadline_ms < kDeadlineMinMs || config.deadline_ms > kDeadlineMaxMs) {
    return Out("deadline", "must be from 1s to 1h");
  }
  if (config.patience_ms < 0 || config.patience_ms > kDeadlineMaxMs) {
    return Out("patience", "must be at most 1h");
  }
  return Status::Ok();
}

}  // namespace tymbal
