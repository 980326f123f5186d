#include "cli/cluster_client.h"

#include "common/secret_file.h"

namespace tymbal::cli {
namespace {

constexpr std::chrono::seconds kConnectMax{10};

}  // namespace

Result<Config> LoadClusterConfig(const std::string& conf, const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(Config config, LoadConfig(conf, environment));
  const Status complete = CheckClusterConfig(config);
  if (!complete.ok()) return complete.WithContext(conf);
  return config;
}

Result<ZookeeperOptions> ZookeeperOptionsOf(const Config& config, const Environment& environment) {
  ZookeeperOptions options;
  options.servers = config.coordinator_servers;
  options.session_timeout_ms = config.coordinator_session_timeout_ms;
  if (const auto credentials = environment("TYMBAL_COORDINATOR_AUTH")) {
    options.credentials = *credentials;
    return options;
  }
  const std::string& path = config.coordinator_auth_file;
  if (path.empty()) return options;
  TYMBAL_ASSIGN_OR_RETURN(options.credentials,
                          ReadSecretFile(path, "the file of coordinator.auth_file,"));
  return options;
}

Result<std::unique_ptr<ClusterClient>> ClusterClient::Connect(const Config& config,
                                                              const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(const ZookeeperOptions options, ZookeeperOptionsOf(config, environment));
  std::unique_ptr<ClusterClient> client(new ClusterClient());  // NOLINT: private constructor
  client->coordinator_ = std::make_unique<ZookeeperCoordinator>(
      ZookeeperCoordinatorOptions{.root = config.coordinator_root},
      MakeZookeeperFactory(options, &client->loop_, &client->log_), &client->loop_);
  bool late = false;
  client->loop_.After(kConnectMax, [&late] { late = true; });
  client->coordinator_->Start(client.get());
  client->loop_.RunUntil([&] { return late || client->live_ || !client->failure_.ok(); });
  if (!client->failure_.ok()) return client->failure_;
  if (client->live_) return client;
  return Unavailable("ZooKeeper does not answer at " + config.coordinator_servers);
}

ClusterClient::~ClusterClient() {
  if (coordinator_ == nullptr) return;
  (void)Await<Status>([this](auto done) { coordinator_->Stop(std::move(done)); });
}

}  // namespace tymbal::cli
