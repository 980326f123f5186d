#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/status.h"

namespace tymbal {

/// A node's id is as long as a host's name at most.
inline constexpr size_t kNodeIdBytesMax = 255;

/// How to read a search server: source.elasticsearch.
struct SearchConfig {
  std::string hosts;  ///< "https://es1:9200,https://es2:9200".
  std::string index;  ///< Empty: the profile's.
  std::string user;
  std::string password_file;
  std::string api_key_file;
  std::string token_file;
  std::string ca_file;
  std::string client_certificate_file;
  std::string client_key_file;
  std::string version;             ///< "elasticsearch 8.17"; empty: the server is asked.
  std::string read = "auto";       ///< auto, source, values or values_then_ids.
  std::string slot_read = "auto";  ///< auto, field, group or scan; auto: as the profile says.
  std::string preference;          ///< Which copies of a shard answer; empty: the server chooses.
  size_t requests = 4;             ///< Under way at a time, of one node.
  size_t page_spans = 10'000;      ///< At most in an answer.
  uint64_t page_bytes = 6U << 20;  ///< What answers are about as long as, at most.
  int64_t deadline_ms = 60'000;    ///< Of one request.
  int64_t patience_ms = 120'000;   ///< How long a request is repeated.
  size_t max_rate = 0;             ///< Spans a second of all nodes together; 0: no limit.
  bool compressed = false;         ///< Ask for gzip.
};

/// What conf/tymbal.yaml says; it documents each option with its unit and default. The defaults
/// here are the defaults there (a test compares them).
struct Config {
  std::string store = "tymbal.db";
  int64_t period_length_ms = 300'000;
  int64_t period_offset_ms = 0;
  std::string source_profile = "tymbal";  ///< A shipped profile's name or the path of a file.
  std::string source_kinds = "profile";   ///< profile, entry or all.
  std::string source_type = "file";       ///< file or elasticsearch.
  SearchConfig search;
  size_t worker_threads = 0;  ///< 0 = as many as the machine has processors.
  uint64_t worker_memory_limit_bytes = uint64_t{1} << 30;
  size_t slow_calls = 5;
  int64_t apdex_default_ms = 500;
  std::map<std::string, int64_t> apdex_app_ms;

  // What follows is read by the nodes of a cluster only.
  std::string node_id;         ///< Empty: the name of the machine.
  std::string node_advertise;  ///< The same.
  std::string coordinator_servers;
  std::string coordinator_root = "/infra/cicada/web";
  int64_t coordinator_session_timeout_ms = 10'000;
  std::string coordinator_auth_file;  ///< Empty: none.
  std::string source_file_path;       ///< A pattern; see worker/file_pattern.h.
  int64_t schedule_delay_ms = 120'000;
  std::string schedule_first;  ///< ISO time; empty: the last period that is due.
  int64_t schedule_retry_failed_ms = 600'000;
  int64_t worker_stall_timeout_ms = 120'000;
  size_t worker_fragments = 4;
  size_t worker_attempts = 5;
  std::string log_level = "info";  ///< debug, info, warn or error.
};

/// Returns the value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Returns the defaults; the store is TYMBAL_STORE where that is set.
Config DefaultConfig(const Environment& environment);

/// Returns whether all values are in range. Errors: kInvalidArgument naming the key.
Status CheckConfig(const Config& config);

/// Returns whether what a node of a cluster needs is there. Errors: as above.
Status CheckClusterConfig(const Config& config);

/// Reads a configuration over the defaults. `${NAME}` and `${NAME:default}` in a value are replaced
/// from `environment`. Errors: kInvalidArgument naming `origin` and the key: no YAML, an unknown
/// key, a value out of range, a variable that is not set and has no default.
Result<Config> ParseConfig(std::string_view yaml, std::string_view origin,
                           const Environment& environment);
Result<Config> LoadConfig(const std::string& path, const Environment& environment);

}  // namespace tymbal
