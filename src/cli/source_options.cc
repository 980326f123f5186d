#include "cli/source_options.h"

#include <CLI/CLI.hpp>

namespace tymbal::cli {

void AddServerOptions(CLI::App* command, SourceOptions* options) {
  command->add_option("--conf", options->conf, "Configuration file (conf/tymbal.yaml)");
  command->add_option(
      "--hosts", options->hosts,
      "Elasticsearch or OpenSearch servers, for instance https://es1:9200,https://es2:9200");
  command->add_option("--index", options->index,
                      "Their index, alias or pattern (default: the profile's)");
}

void AddProfileOption(CLI::App* command, SourceOptions* options) {
  command->add_option(
      "--profile", options->profile,
      "Format of the spans: tymbal (default), zipkin, jaeger, otel, elastic-apm, skywalking, "
      "cicada, the path of a YAML file, or auto");
}

Result<Config> TakeSourceOptions(const SourceOptions& options, const Environment& environment) {
  Config config = DefaultConfig(environment);
  if (options.conf) {
    TYMBAL_ASSIGN_OR_RETURN(config, LoadConfig(*options.conf, environment));
  }
  if (options.hosts) config.search.hosts = *options.hosts;
  if (options.index) config.search.index = *options.index;
  if (options.profile) config.source_profile = *options.profile;
  return config;
}

Result<Config> SearchServerConfig(const SourceOptions& options, const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(Config config, TakeSourceOptions(options, environment));
  config.source_type = "elasticsearch";
  TYMBAL_RETURN_IF_ERROR(CheckConfig(config));
  if (!config.search.hosts.empty()) return config;
  return InvalidArgument(
      "no server is named: --hosts https://es1:9200, or source.elasticsearch.hosts in --conf FILE");
}

}  // namespace tymbal::cli
