#include "common/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <utility>

#include "common/config_section.h"
#include "common/file_text.h"
#include "common/period.h"
#include "common/search_config.h"
#include "common/time_text.h"
#include "common/zookeeper_address.h"

namespace tymbal {
namespace {

constexpr size_t kThreadsMax = 256;
constexpr size_t kSlowCallsMax = 1000;
constexpr uint64_t kMemoryLimitMin = 16UL << 20;
constexpr int64_t kApdexMaxMs = 24 * 3'600'000;

Status ReadPeriod(Section& period, Config* config) {
  TYMBAL_RETURN_IF_ERROR(period.Scalar("length", [&](const std::string& text) {
    return TakeDuration(text, &config->period_length_ms);
  }));
  return period.Scalar("offset", [&](const std::string& text) {
    return TakeDuration(text, &config->period_offset_ms);
  });
}

Status ReadSource(Section& source, Config* config) {
  TYMBAL_RETURN_IF_ERROR(source.Scalar(
      "profile", [&](const std::string& text) { return TakeText(text, &config->source_profile); }));
  TYMBAL_RETURN_IF_ERROR(source.Scalar(
      "kinds", [&](const std::string& text) { return TakeText(text, &config->source_kinds); }));
  TYMBAL_RETURN_IF_ERROR(source.Scalar(
      "type", [&](const std::string& text) { return TakeText(text, &config->source_type); }));
  TYMBAL_RETURN_IF_ERROR(source.Map("file", [&](Section& file) {
    return file.Scalar(
        "path", [&](const std::string& text) { return TakeText(text, &config->source_file_path); });
  }));
  return source.Map("elasticsearch",
                    [&](Section& search) { return ReadSearchConfig(search, &config->search); });
}

/// All of them stand in one znode: /job must have room for those of 1,024 fragments.
Status TakeNodeId(const std::string& text, std::string* target) {
  const bool plain = std::none_of(text.begin(), text.end(),
                                  [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (!plain || text.size() > kNodeIdBytesMax) {
    return InvalidArgument("must be a name of up to " + std::to_string(kNodeIdBytesMax) +
                           " bytes without control characters");
  }
  return TakeText(text, target);
}

Status ReadNode(Section& node, Config* config) {
  TYMBAL_RETURN_IF_ERROR(node.Scalar(
      "id", [&](const std::string& text) { return TakeNodeId(text, &config->node_id); }));
  return node.Scalar("advertise", [&](const std::string& text) {
    return TakeText(text, &config->node_advertise);
  });
}

Status ReadCoordinator(Section& coordinator, Config* config) {
  TYMBAL_RETURN_IF_ERROR(coordinator.Scalar("servers", [&](const std::string& text) {
    return TakeText(text, &config->coordinator_servers);
  }));
  TYMBAL_RETURN_IF_ERROR(coordinator.Scalar(
      "root", [&](const std::string& text) { return TakeText(text, &config->coordinator_root); }));
  TYMBAL_RETURN_IF_ERROR(coordinator.Scalar("session_timeout", [&](const std::string& text) {
    return TakeDuration(text, &config->coordinator_session_timeout_ms);
  }));
  return coordinator.Scalar("auth_file", [&](const std::string& text) {
    return TakeText(text, &config->coordinator_auth_file);
  });
}

Status ReadSchedule(Section& schedule, Config* config) {
  TYMBAL_RETURN_IF_ERROR(schedule.Scalar("delay", [&](const std::string& text) {
    return TakeDuration(text, &config->schedule_delay_ms);
  }));
  TYMBAL_RETURN_IF_ERROR(schedule.Scalar(
      "first", [&](const std::string& text) { return TakeText(text, &config->schedule_first); }));
  return schedule.Scalar("retry_failed", [&](const std::string& text) {
    return TakeDuration(text, &config->schedule_retry_failed_ms);
  });
}

Status ReadLog(Section& log, Config* config) {
  return log.Scalar("level",
                    [&](const std::string& text) { return TakeText(text, &config->log_level); });
}

Status ReadWorker(Section& worker, Config* config) {
  TYMBAL_RETURN_IF_ERROR(worker.Scalar("threads", [&](const std::string& text) {
    return TakeCount(text, &config->worker_threads);
  }));
  TYMBAL_RETURN_IF_ERROR(worker.Scalar("memory_limit", [&](const std::string& text) {
    return TakeMemory(text, &config->worker_memory_limit_bytes);
  }));
  TYMBAL_RETURN_IF_ERROR(worker.Scalar("fragments", [&](const std::string& text) {
    return TakeCount(text, &config->worker_fragments);
  }));
  TYMBAL_RETURN_IF_ERROR(worker.Scalar("attempts", [&](const std::string& text) {
    return TakeCount(text, &config->worker_attempts);
  }));
  return worker.Scalar("stall_timeout", [&](const std::string& text) {
    return TakeDuration(text, &config->worker_stall_timeout_ms);
  });
}

Status ReadApdex(Section& apdex, Config* config) {
  TYMBAL_RETURN_IF_ERROR(apdex.Scalar("default", [&](const std::string& text) {
    return TakeDuration(text, &config->apdex_default_ms);
  }));
  return apdex.Map("apps", [&](Section& apps) {
    return apps.Each([&](const std::string& app, const std::string& text) {
      return TakeDuration(text, &config->apdex_app_ms[app]);
    });
  });
}

Status ReadStatistics(Section& statistics, Config* config) {
  TYMBAL_RETURN_IF_ERROR(statistics.Scalar(
      "slow_calls", [&](const std::string& text) { return TakeCount(text, &config->slow_calls); }));
  return statistics.Map("apdex", [&](Section& apdex) { return ReadApdex(apdex, config); });
}

Status ReadRoot(Section& root, Config* config) {
  TYMBAL_RETURN_IF_ERROR(root.Scalar(
      "store", [&](const std::string& text) { return TakeText(text, &config->store); }));
  const std::pair<const char*, Status (*)(Section&, Config*)> sections[] = {
      {"period", ReadPeriod},         {"source", ReadSource}, {"worker", ReadWorker},
      {"statistics", ReadStatistics}, {"node", ReadNode},     {"coordinator", ReadCoordinator},
      {"schedule", ReadSchedule},     {"log", ReadLog}};
  for (const auto& section : sections) {
    TYMBAL_RETURN_IF_ERROR(
        root.Map(section.first, [&](Section& below) { return section.second(below, config); }));
  }
  return root.CheckKeys();
}

Status RequireAtMost(std::string_view key, uint64_t value, uint64_t max) {
  if (value <= max) return Status::Ok();
  return InvalidArgument(std::string(key) + ": " + std::to_string(value) + " is more than " +
                         std::to_string(max));
}

Status CheckApdex(std::string_view key, int64_t apdex_ms) {
  if (apdex_ms > 0 && apdex_ms <= kApdexMaxMs) return Status::Ok();
  return InvalidArgument(std::string(key) + ": must be longer than 0 and at most 1d");
}

Status RequireBetween(std::string_view key, int64_t value_ms, int64_t min_ms, int64_t max_ms) {
  if (value_ms >= min_ms && value_ms <= max_ms) return Status::Ok();
  return InvalidArgument(std::string(key) + ": must be from " + FormatDurationMs(min_ms) + " to " +
                         FormatDurationMs(max_ms));
}

Status CheckNodeOptions(const Config& config) {
  const Status root = CheckZnodePath(config.coordinator_root);
  if (!root.ok()) return root.WithContext("coordinator.root");
  if (!config.coordinator_servers.empty()) {
    const auto address = ParseZookeeperAddress(config.coordinator_servers);
    if (!address) return address.error().WithContext("coordinator.servers");
  }
  TYMBAL_RETURN_IF_ERROR(RequireBetween("coordinator.session_timeout",
                                        config.coordinator_session_timeout_ms, 1'000, 300'000));
  TYMBAL_RETURN_IF_ERROR(
      RequireBetween("schedule.delay", config.schedule_delay_ms, 0, 7 * kApdexMaxMs));
  TYMBAL_RETURN_IF_ERROR(
      RequireBetween("schedule.retry_failed", config.schedule_retry_failed_ms, 1'000, kApdexMaxMs));
  if (!config.schedule_first.empty()) {
    const auto first = ParseTimeMs(config.schedule_first);
    if (!first) return first.error().WithContext("schedule.first");
  }
  TYMBAL_RETURN_IF_ERROR(
      RequireBetween("worker.stall_timeout", config.worker_stall_timeout_ms, 5'000, kApdexMaxMs));
  TYMBAL_RETURN_IF_ERROR(RequireAtMost("worker.fragments", config.worker_fragments, 64));
  TYMBAL_RETURN_IF_ERROR(RequireAtMost("worker.attempts", config.worker_attempts, 100));
  if (config.worker_fragments == 0) return InvalidArgument("worker.fragments: must be at least 1");
  if (config.worker_attempts == 0) return InvalidArgument("worker.attempts: must be at least 1");
  const std::set<std::string> levels = {"debug", "info", "warn", "error"};
  if (levels.contains(config.log_level)) return Status::Ok();
  return InvalidArgument("log.level: '" + config.log_level +
                         "' must be debug, info, warn or error");
}

}  // namespace

Status CheckConfig(const Config& config) {
  if (config.store.empty()) return InvalidArgument("store: must not be empty");
  if (config.source_profile.empty()) return InvalidArgument("source.profile: must not be empty");
  if (config.source_kinds != "profile" && config.source_kinds != "entry" &&
      config.source_kinds != "all") {
    return InvalidArgument("source.kinds: '" + config.source_kinds +
                           "' must be profile, entry or all");
  }
  if (config.source_type != "file" && config.source_type != "elasticsearch") {
    return InvalidArgument("source.type: '" + config.source_type +
                           "' must be file or elasticsearch (which OpenSearch is as well)");
  }
  TYMBAL_RETURN_IF_ERROR(CheckSearchConfig(config.search));
  const auto grid = PeriodGrid::Create(config.period_length_ms, config.period_offset_ms);
  if (!grid) return grid.error().WithContext("period");
  TYMBAL_RETURN_IF_ERROR(RequireAtMost("worker.threads", config.worker_threads, kThreadsMax));
  if (config.worker_memory_limit_bytes < kMemoryLimitMin) {
    return InvalidArgument("worker.memory_limit: must be at least 16MiB");
  }
  TYMBAL_RETURN_IF_ERROR(RequireAtMost("statistics.slow_calls", config.slow_calls, kSlowCallsMax));
  TYMBAL_RETURN_IF_ERROR(CheckApdex("statistics.apdex.default", config.apdex_default_ms));
  for (const auto& [app, apdex_ms] : config.apdex_app_ms) {
    TYMBAL_RETURN_IF_ERROR(CheckApdex("statistics.apdex.apps." + app, apdex_ms));
  }
  return CheckNodeOptions(config);
}

Status CheckClusterConfig(const Config& config) {
  if (config.coordinator_servers.empty()) {
    return InvalidArgument(
        "coordinator.servers: must name ZooKeeper's servers, for instance host1:2181,host2:2181");
  }
  if (config.source_type == "elasticsearch" && config.search.hosts.empty()) {
    return InvalidArgument(
        "source.elasticsearch.hosts: must name the servers, for instance https://es1:9200");
  }
  if (config.source_type == "file" && config.source_file_path.empty()) {
    return InvalidArgument(
        "source.file.path: must name the span files, for instance /mnt/spans/%Y-%m-%d/*.ndjson.gz");
  }
  return Status::Ok();
}

Config DefaultConfig(const Environment& environment) {
  Config config;
  const auto store = environment("TYMBAL_STORE");
  if (store && !store->empty()) config.store = *store;
  return config;
}

Result<Config> ParseConfig(std::string_view yaml, std::string_view origin,
                           const Environment& environment) {
  try {
    Config config = DefaultConfig(environment);
    Section root(YAML::Load(std::string(yaml)), "", environment);
    Status status = ReadRoot(root, &config);
    if (status.ok()) status = CheckConfig(config);
    if (!status.ok()) return status.WithContext(origin);
    return config;
  } catch (const YAML::Exception& e) {
    return InvalidArgument(std::string(origin) + ": " + e.what());
  }
}

Result<Config> LoadConfig(const std::string& path, const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  return ParseConfig(text, path, environment);
}

}  // namespace tymbal
