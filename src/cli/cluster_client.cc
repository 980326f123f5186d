#include "cli/cluster_client.h"

#include "common/secret_file.h"
#include "common/zookeeper_address.h"

namespace tymbal::cli {
namespace {

constexpr std::chrono::seconds kConnectMax{10};

/// Returns "user:password", or nothing where no account is configured. No error shows any of it.
Result<std::string> CredentialsOf(const Config& config, const Environment& environment) {
  const auto check = [](std::string text, const std::string& source) -> Result<std::string> {
    while (text.ends_with('\n')) text.pop_back();
    const size_t colon = text.find(':');
    if (colon == 0 || colon == std::string::npos || colon + 1 == text.size()) {
      return InvalidArgument(source + " must hold user:password");
    }
    return text;
  };
  if (const auto given = environment("TYMBAL_COORDINATOR_AUTH")) {
    return given->empty() ? *given : check(*given, "TYMBAL_COORDINATOR_AUTH");
  }
  const std::string& path = config.coordinator_auth_file;
  if (path.empty()) return std::string();
  TYMBAL_ASSIGN_OR_RETURN(const std::string text, ReadSecretFile("coordinator.auth_file", path));
  return check(text, "coordinator.auth_file: " + path);
}

}  // namespace

Result<ZookeeperSettings> ZookeeperSettingsOf(const Config& config,
                                              const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(const ZookeeperAddress address,
                          ParseZookeeperAddress(config.coordinator_servers));
  ZookeeperSettings settings;
  settings.session.servers = address.servers;
  settings.session.session_timeout_ms = config.coordinator_session_timeout_ms;
  TYMBAL_ASSIGN_OR_RETURN(settings.session.credentials, CredentialsOf(config, environment));
  settings.coordinator.root = address.Below(config.coordinator_root);
  return settings;
}

Result<Config> LoadClusterConfig(const std::string& conf, const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(Config config, LoadConfig(conf, environment));
  const Status complete = CheckClusterConfig(config);
  if (!complete.ok()) return complete.WithContext(conf);
  return config;
}

Result<std::unique_ptr<ClusterClient>> ClusterClient::Connect(const Config& config,
                                                              const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(const ZookeeperSettings settings,
                          ZookeeperSettingsOf(config, environment));
  std::unique_ptr<ClusterClient> client(new ClusterClient());  // NOLINT: private constructor
  client->coordinator_ = std::make_unique<ZookeeperCoordinator>(
      settings.coordinator, MakeZookeeperFactory(settings.session, &client->loop_, &client->log_),
      &client->loop_);
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
