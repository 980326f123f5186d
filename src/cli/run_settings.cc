#include "cli/run_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "cli/search_opener.h"
#include "common/period.h"
#include "common/size_text.h"
#include "worker/index_sample.h"
#include "worker/profile_match.h"

namespace tymbal::cli {
namespace {

/// How many records `--profile auto` looks at.
constexpr size_t kSampleRecords = 100;
/// The same, of a search server.
constexpr size_t kSampleDocuments = 20;

/// Puts the options of the command line over those of the configuration, by the same rules: as if
/// they stood in one more file.
Result<Config> Configure(const RunOptions& options, const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(Config config, TakeSourceOptions(options, environment));
  if (options.store) config.store = *options.store;
  if (options.slow_calls) config.slow_calls = *options.slow_calls;
  if (options.threads) config.worker_threads = *options.threads;
  if (options.kinds) config.source_kinds = *options.kinds;
  if (options.source) config.source_type = *options.source;
  const auto take_duration = [](const std::optional<std::string>& text, std::string_view option,
                                int64_t* target_ms) {
    if (!text) return Status::Ok();
    const auto duration_ms = ParseDurationMs(*text);
    if (!duration_ms) return duration_ms.error().WithContext(option);
    *target_ms = *duration_ms;
    return Status::Ok();
  };
  TYMBAL_RETURN_IF_ERROR(take_duration(options.period, "--period", &config.period_length_ms));
  TYMBAL_RETURN_IF_ERROR(
      take_duration(options.period_offset, "--period-offset", &config.period_offset_ms));
  TYMBAL_RETURN_IF_ERROR(take_duration(options.apdex, "--apdex", &config.apdex_default_ms));
  if (options.memory_limit) {
    const auto bytes = ParseSizeBytes(*options.memory_limit);
    if (!bytes) return bytes.error().WithContext("--memory-limit");
    config.worker_memory_limit_bytes = *bytes;
  }
  TYMBAL_RETURN_IF_ERROR(CheckConfig(config));
  return config;
}

/// Finds the shipped profile that fits the first records of the input.
Result<worker::ProfileMatch> FindProfile(const std::vector<std::string>& inputs) {
  TYMBAL_ASSIGN_OR_RETURN(const std::vector<worker::Profile> profiles,
                          worker::LoadShippedProfiles());
  worker::ProfileEvidence evidence;
  TYMBAL_ASSIGN_OR_RETURN(evidence.documents, worker::SampleRecords(inputs, kSampleRecords));
  return worker::MatchProfile(profiles, evidence);
}

/// The same for a search server: by its newest documents.
Result<worker::ProfileMatch> FindProfileOfIndex(const Config& config,
                                                const Environment& environment) {
  if (config.search.index.empty()) {
    return InvalidArgument(
        "name the index (--index, or source.elasticsearch.index) or the profile");
  }
  TYMBAL_ASSIGN_OR_RETURN(const std::vector<worker::Profile> profiles,
                          worker::LoadShippedProfiles());
  TYMBAL_ASSIGN_OR_RETURN(const auto opener, SearchOpener::Create(config, {}, environment));
  const std::atomic<bool> never{false};
  const auto client = opener->OpenClient(&never);
  TYMBAL_ASSIGN_OR_RETURN(const search::ServerVersion version, opener->AskVersion(client.get()));
  TYMBAL_ASSIGN_OR_RETURN(
      const worker::ProfileEvidence evidence,
      worker::SampleIndex(client.get(), version, opener->index(), profiles, kSampleDocuments));
  return worker::MatchProfile(profiles, evidence);
}

Result<worker::ProfileMatch> ChooseProfile(const Config& config,
                                           const std::vector<std::string>& inputs,
                                           const Environment& environment) {
  worker::ProfileMatch match;
  if (config.source_profile != worker::kProfileAuto) {
    TYMBAL_ASSIGN_OR_RETURN(match.profile, worker::LoadProfile(config.source_profile));
  } else if (config.source_type == "elasticsearch") {
    auto found = FindProfileOfIndex(config, environment);
    if (!found) return found.error().WithContext("--profile auto");
    match = std::move(*found);
  } else if (inputs.empty()) {
    return InvalidArgument(
        "source.profile: auto is for search servers, and for `tymbal run`, which has its input; "
        "name the profile here");
  } else {
    auto found = FindProfile(inputs);
    if (!found) return found.error().WithContext("--profile auto");
    match = std::move(*found);
  }
  if (config.source_kinds == "profile") return match;
  worker::Profile& profile = match.profile;
  profile.entry_only = config.source_kinds == "entry";
  if (profile.entry_only && (profile.kind.empty() || profile.entry_kinds.empty())) {
    return InvalidArgument("--kinds entry: the profile " + profile.name + " knows no kinds");
  }
  return match;
}

Result<worker::AggregatorOptions> ChooseAggregator(const Config& config,
                                                   const worker::Profile& profile) {
  TYMBAL_ASSIGN_OR_RETURN(const PeriodGrid grid,
                          PeriodGrid::Create(config.period_length_ms, config.period_offset_ms));
  worker::AggregatorOptions aggregator{.grid = grid,
                                       .slot_function = profile.slot_function,
                                       .fingerprint_ids = config.source_type == "file",
                                       .slow_calls = config.slow_calls,
                                       .apdex = {},
                                       .memory_limit_bytes = config.worker_memory_limit_bytes};
  const auto to_us = [](int64_t ms) { return static_cast<uint64_t>(ms) * 1000; };
  aggregator.apdex.default_us = to_us(config.apdex_default_ms);
  for (const auto& [app, apdex_ms] : config.apdex_app_ms) {
    aggregator.apdex.by_app[app] = to_us(apdex_ms);
  }
  return aggregator;
}

size_t ChooseThreads(const Config& config) {
  if (config.worker_threads > 0) return config.worker_threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

std::string RunSettings::Describe(bool inexact) const {
  const auto format = [](uint64_t apdex_us) {
    return FormatDurationMs(static_cast<int64_t>(apdex_us / 1000));
  };
  std::string text = "apdex " + format(aggregator.apdex.default_us);
  for (const auto& [app, apdex_us] : aggregator.apdex.by_app) {
    text += fmt::format(", apdex of {} {}", app, format(apdex_us));
  }
  text += fmt::format(", {} slow calls", aggregator.slow_calls);
  // So that the same spans with more memory are no "same again".
  return inexact ? text + ", beyond the memory limit" : text;
}

Result<RunSettings> ReadRunSettings(const RunOptions& options, const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(const Config config, Configure(options, environment));
  TYMBAL_ASSIGN_OR_RETURN(worker::ProfileMatch match,
                          ChooseProfile(config, options.inputs, environment));
  TYMBAL_ASSIGN_OR_RETURN(worker::AggregatorOptions aggregator,
                          ChooseAggregator(config, match.profile));
  return RunSettings{config,
                     config.store,
                     std::move(match.profile),
                     std::move(match.reason),
                     std::move(aggregator),
                     ChooseThreads(config)};
}

}  // namespace tymbal::cli
