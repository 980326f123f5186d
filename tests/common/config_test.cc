#include "common/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string>

namespace tymbal {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Environment Variables(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

Config Parsed(const std::string& yaml, const Environment& environment = Variables({})) {
  const auto config = ParseConfig(yaml, "my.yaml", environment);
  EXPECT_TRUE(config.has_value()) << (config ? "" : config.error().message());
  return config ? *config : Config();
}

/// Returns the message of the error, which must be one of usage that names the file.
std::string ErrorOf(const std::string& yaml, const Environment& environment = Variables({})) {
  const auto config = ParseConfig(yaml, "my.yaml", environment);
  if (config) return "no error";
  EXPECT_EQ(config.error().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(config.error().message(), StartsWith("my.yaml: "));
  return config.error().message();
}

TEST(Config, DocumentedDefaultsAreTheDefaults) {
  const auto config =
      LoadConfig(std::string(TYMBAL_SOURCE_DIR) + "/conf/tymbal.yaml", Variables({}));
  ASSERT_TRUE(config.has_value()) << config.error().message();
  const Config defaults;
  EXPECT_EQ(config->store, defaults.store);
  EXPECT_EQ(config->period_length_ms, defaults.period_length_ms);
  EXPECT_EQ(config->period_offset_ms, defaults.period_offset_ms);
  EXPECT_EQ(config->source_profile, defaults.source_profile);
  EXPECT_EQ(config->source_kinds, defaults.source_kinds);
  EXPECT_EQ(config->source_type, defaults.source_type);
  EXPECT_EQ(config->worker_threads, defaults.worker_threads);
  EXPECT_EQ(config->worker_memory_limit_bytes, defaults.worker_memory_limit_bytes);
  EXPECT_EQ(config->slow_calls, defaults.slow_calls);
  EXPECT_EQ(config->apdex_default_ms, defaults.apdex_default_ms);
  EXPECT_EQ(config->apdex_app_ms, defaults.apdex_app_ms);
}

TEST(Config, DocumentedDefaultsOfSearchServersAreTheDefaults) {
  const auto config =
      LoadConfig(std::string(TYMBAL_SOURCE_DIR) + "/conf/tymbal.yaml", Variables({}));
  ASSERT_TRUE(config.has_value()) << config.error().message();
  const SearchConfig defaults;
  const SearchConfig& search = config->search;
  EXPECT_EQ(search.hosts, defaults.hosts);
  EXPECT_EQ(search.index, defaults.index);
  EXPECT_EQ(search.user, defaults.user);
  EXPECT_EQ(search.password_file, defaults.password_file);
  EXPECT_EQ(search.api_key_file, defaults.api_key_file);
  EXPECT_EQ(search.token_file, defaults.token_file);
  EXPECT_EQ(search.ca_file, defaults.ca_file);
  EXPECT_EQ(search.client_certificate_file, defaults.client_certificate_file);
  EXPECT_EQ(search.client_key_file, defaults.client_key_file);
  EXPECT_EQ(search.version, defaults.version);
  EXPECT_EQ(search.read, defaults.read);
  EXPECT_EQ(search.slot_read, defaults.slot_read);
  EXPECT_EQ(search.preference, defaults.preference);
  EXPECT_EQ(search.requests, defaults.requests);
  EXPECT_EQ(search.page_spans, defaults.page_spans);
  EXPECT_EQ(search.page_bytes, defaults.page_bytes);
  EXPECT_EQ(search.deadline_ms, defaults.deadline_ms);
  EXPECT_EQ(search.patience_ms, defaults.patience_ms);
  EXPECT_EQ(search.max_rate, defaults.max_rate);
  EXPECT_EQ(search.compressed, defaults.compressed);
}

/// A key that is read but not documented would be known to nobody.
TEST(Config, DocumentedFileHasEveryOptionOfSearchServers) {
  const std::string text = [] {
    std::ifstream file(std::string(TYMBAL_SOURCE_DIR) + "/conf/tymbal.yaml");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  const std::string known = ErrorOf("source: {elasticsearch: {no_such_key: 1}}");
  const size_t list = known.find("there are ");
  ASSERT_NE(list, std::string::npos) << known;
  std::istringstream keys(known.substr(list + 10));
  size_t count = 0;
  for (std::string key; keys >> key; ++count) {
    if (key.back() == ',') key.pop_back();
    EXPECT_THAT(text, HasSubstr("\n    " + key + ":"));
  }
  EXPECT_EQ(count, 20U);
}

TEST(Config, DocumentedFileTakesTheStoreFromTheEnvironment) {
  const auto config = LoadConfig(std::string(TYMBAL_SOURCE_DIR) + "/conf/tymbal.yaml",
                                 Variables({{"TYMBAL_STORE", "other.db"}}));
  ASSERT_TRUE(config.has_value()) << config.error().message();
  EXPECT_EQ(config->store, "other.db");
}

TEST(Config, DefaultsAreInRange) { EXPECT_TRUE(CheckConfig(Config()).ok()); }

TEST(Config, ReadsEveryOption) {
  const Config config = Parsed(R"(
store: results.db
period: {length: 1h, offset: 30m}
source:
  profile: zipkin
  kinds: all
  type: elasticsearch
  elasticsearch:
    hosts: https://es1:9200
    index: spans-*
    version: opensearch 2.19
    read: values
    slot_read: group
    preference: _local
    requests: 2
    page_spans: 500
    page_bytes: 1MiB
    deadline: 5s
    patience: 10s
    max_rate: 1000
    compressed: true
worker: {threads: 3, memory_limit: 64MiB}
statistics:
  slow_calls: 0
  apdex: {default: 250ms, apps: {payment: 1s, "with.dot": 2s}}
)");
  EXPECT_EQ(config.store, "results.db");
  EXPECT_EQ(config.period_length_ms, 3'600'000);
  EXPECT_EQ(config.period_offset_ms, 1'800'000);
  EXPECT_EQ(config.source_profile, "zipkin");
  EXPECT_EQ(config.source_kinds, "all");
  EXPECT_EQ(config.source_type, "elasticsearch");
  EXPECT_EQ(config.search.hosts, "https://es1:9200");
  EXPECT_EQ(config.search.index, "spans-*");
  EXPECT_EQ(config.search.version, "opensearch 2.19");
  EXPECT_EQ(config.search.read, "values");
  EXPECT_EQ(config.search.slot_read, "group");
  EXPECT_EQ(config.search.preference, "_local");
  EXPECT_EQ(config.search.requests, 2);
  EXPECT_EQ(config.search.page_spans, 500);
  EXPECT_EQ(config.search.page_bytes, 1U << 20);
  EXPECT_EQ(config.search.deadline_ms, 5'000);
  EXPECT_EQ(config.search.patience_ms, 10'000);
  EXPECT_EQ(config.search.max_rate, 1'000);
  EXPECT_TRUE(config.search.compressed);
  EXPECT_EQ(config.worker_threads, 3);
  EXPECT_EQ(config.worker_memory_limit_bytes, 64U << 20);
  EXPECT_EQ(config.slow_calls, 0);
  EXPECT_EQ(config.apdex_default_ms, 250);
  EXPECT_EQ(config.apdex_app_ms,
            (std::map<std::string, int64_t>{{"payment", 1000}, {"with.dot", 2000}}));
}

TEST(Config, LeavesDefaultsWhereNothingIsSaid) {
  EXPECT_EQ(Parsed("# nothing but a comment\n").period_length_ms, 300'000);
  EXPECT_EQ(Parsed("period:\n").period_length_ms, 300'000);
  EXPECT_EQ(Parsed("worker: {threads: 2}").slow_calls, 5);
}

TEST(Config, NamesAnUnknownKeyAndTheKnownOnes) {
  EXPECT_THAT(ErrorOf("stor: a.db"), HasSubstr("stor: "));
  EXPECT_THAT(
      ErrorOf("stor: a.db"),
      HasSubstr("coordinator, log, node, period, schedule, source, statistics, store, worker"));
  EXPECT_THAT(ErrorOf("period: {lenght: 1m}"), HasSubstr("period.lenght: "));
  EXPECT_THAT(ErrorOf("period: {lenght: 1m}"), HasSubstr("length, offset"));
  EXPECT_THAT(ErrorOf("statistics: {apdex: {app: {}}}"), HasSubstr("statistics.apdex.app: "));
}

TEST(Config, NamesTheKeyOfAWrongType) {
  EXPECT_THAT(ErrorOf("period: 1m"), HasSubstr("period: must be a map"));
  EXPECT_THAT(ErrorOf("store: [a.db, b.db]"), HasSubstr("store: must be a single value"));
  EXPECT_THAT(ErrorOf("period: {length: {m: 5}}"), HasSubstr("period.length: "));
  EXPECT_THAT(ErrorOf("worker: {threads: many}"), HasSubstr("worker.threads: 'many'"));
  EXPECT_THAT(ErrorOf("worker: {threads: -1}"), HasSubstr("worker.threads: "));
  EXPECT_THAT(ErrorOf("worker: {threads: 1.5}"), HasSubstr("worker.threads: "));
  EXPECT_THAT(ErrorOf("period: {length: 5}"), HasSubstr("period.length: '5' is no duration"));
  EXPECT_THAT(ErrorOf("worker: {memory_limit: 1 gig}"), HasSubstr("worker.memory_limit: '1 gig'"));
  EXPECT_THAT(ErrorOf("statistics: {apdex: {apps: {pay: soon}}}"),
              HasSubstr("statistics.apdex.apps.pay: 'soon'"));
  EXPECT_THAT(ErrorOf("just text"), HasSubstr("must be a map"));
  EXPECT_THAT(ErrorOf("- a\n- b\n"), HasSubstr("must be a map"));
}

TEST(Config, TakesANodeIdOfAHostNamesLength) {
  EXPECT_EQ(Parsed("node: {id: " + std::string(255, 'n') + "}").node_id.size(), 255U);
  EXPECT_THAT(ErrorOf("node: {id: " + std::string(256, 'n') + "}"), HasSubstr("node.id: "));
  EXPECT_THAT(ErrorOf("node: {id: \"a\\tb\"}"), HasSubstr("node.id: "));
}

TEST(Config, NamesTheLineOfBadYaml) {
  EXPECT_THAT(ErrorOf("store: a.db\nperiod: {length: 1m\n"), HasSubstr("line 3"));
}

TEST(Config, TakesVariablesOfTheEnvironment) {
  const Environment environment = Variables({{"DIR", "/data"}, {"LENGTH", "2m"}, {"EMPTY", ""}});
  EXPECT_EQ(Parsed("store: ${DIR}/a.db", environment).store, "/data/a.db");
  EXPECT_EQ(Parsed("store: ${DIR}/${NAME:b}.db", environment).store, "/data/b.db");
  EXPECT_EQ(Parsed("period: {length: '${LENGTH:9m}'}", environment).period_length_ms, 120'000);
  // A default may hold colons; a variable that is set but empty is not missing.
  EXPECT_EQ(Parsed("store: ${NAME:a:b}", environment).store, "a:b");
  EXPECT_EQ(Parsed("store: x${EMPTY:y}", environment).store, "x");
  EXPECT_EQ(Parsed("store: a$b", environment).store, "a$b");
}

TEST(Config, DoesNotExpandWhatAVariableHolds) {
  EXPECT_EQ(Parsed("store: ${A}", Variables({{"A", "${B}"}})).store, "${B}");
}

TEST(Config, NamesAMissingVariableAndItsKey) {
  const std::string message = ErrorOf("period: {length: '${LENGTH}'}");
  EXPECT_THAT(message, HasSubstr("period.length: "));
  EXPECT_THAT(message, HasSubstr("LENGTH is not set"));
  EXPECT_THAT(ErrorOf("store: ${A"), HasSubstr("store: '${' without '}'"));
}

TEST(Config, RefusesValuesOutOfRange) {
  EXPECT_THAT(ErrorOf("store: ''"), HasSubstr("store: "));
  EXPECT_THAT(ErrorOf("period: {length: 999ms}"), HasSubstr("period: "));
  EXPECT_THAT(ErrorOf("period: {length: 32d}"), HasSubstr("period: "));
  EXPECT_THAT(ErrorOf("period: {length: 5m, offset: 5m}"), HasSubstr("offset"));
  EXPECT_THAT(ErrorOf("source: {profile: ''}"), HasSubstr("source.profile: "));
  EXPECT_THAT(ErrorOf("source: {kinds: server}"), HasSubstr("profile, entry or all"));
  EXPECT_THAT(ErrorOf("worker: {threads: 257}"), HasSubstr("worker.threads: 257"));
  EXPECT_THAT(ErrorOf("worker: {memory_limit: 1MiB}"), HasSubstr("worker.memory_limit"));
  EXPECT_THAT(ErrorOf("statistics: {slow_calls: 1001}"), HasSubstr("statistics.slow_calls: 1001"));
  EXPECT_THAT(ErrorOf("statistics: {apdex: {default: 0s}}"),
              HasSubstr("statistics.apdex.default: "));
  EXPECT_THAT(ErrorOf("statistics: {apdex: {apps: {pay: 25h}}}"),
              HasSubstr("statistics.apdex.apps.pay: "));
  EXPECT_THAT(ErrorOf("coordinator: {servers: 'zk1:2181/a,zk2:2181/a'}"),
              HasSubstr("coordinator.servers: "));
  EXPECT_THAT(ErrorOf("coordinator: {root: /infra/../web}"), HasSubstr("coordinator.root: "));
  EXPECT_THAT(ErrorOf("source: {elasticsearch: {preference: '_shards:0|_local'}}"),
              HasSubstr("source.elasticsearch.preference: _shards would leave spans out"));
}

TEST(Config, TakesTheEndsOfTheRanges) {
  EXPECT_EQ(Parsed("period: {length: 1s}").period_length_ms, 1000);
  EXPECT_EQ(Parsed("period: {length: 31d}").period_length_ms, 31LL * 86'400'000);
  EXPECT_EQ(Parsed("worker: {threads: 256, memory_limit: 16MiB}").worker_threads, 256);
  EXPECT_EQ(Parsed("statistics: {slow_calls: 1000, apdex: {default: 1d}}").slow_calls, 1000);
}

TEST(Config, NamesAFileThatCannotBeRead) {
  const auto config = LoadConfig("no/such/file.yaml", Variables({}));
  ASSERT_FALSE(config.has_value());
  EXPECT_EQ(config.error().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(config.error().message(), HasSubstr("no/such/file.yaml"));
}

}  // namespace
}  // namespace tymbal
