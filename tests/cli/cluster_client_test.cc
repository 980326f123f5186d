#include "cli/cluster_client.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tymbal::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Environment With(std::optional<std::string> credentials) {
  return [credentials](const std::string& name) {
    return name == "TYMBAL_COORDINATOR_AUTH" ? credentials : std::nullopt;
  };
}

Config ConfigOf(const std::string& servers) {
  Config config;
  config.coordinator_servers = servers;
  return config;
}

/// A file of credentials that is gone with the test.
class AuthFile {
 public:
  AuthFile(const std::string& text, mode_t mode)
      : path_(::testing::TempDir() + "auth-" + std::to_string(getpid())) {
    std::ofstream(path_) << text;
    chmod(path_.c_str(), mode);
  }
  ~AuthFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

TEST(ZookeeperSettings, PutTheRootBelowTheChroot) {
  Config config = ConfigOf("zk1:2181,zk2:2181/team");
  config.coordinator_root = "/web";
  const auto settings = ZookeeperSettingsOf(config, With({}));
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->session.servers, "zk1:2181,zk2:2181");
  EXPECT_EQ(settings->coordinator.root, "/team/web");
  EXPECT_EQ(settings->session.credentials, "");
}

TEST(ZookeeperSettings, TakeTheAccountFromTheEnvironmentOrAPrivateFile) {
  const AuthFile file("user:from-file\n", 0600);
  Config config = ConfigOf("zk:2181");
  config.coordinator_auth_file = file.path();
  EXPECT_EQ(ZookeeperSettingsOf(config, With({}))->session.credentials, "user:from-file");
  EXPECT_EQ(ZookeeperSettingsOf(config, With("me:a:b"))->session.credentials, "me:a:b");
  EXPECT_EQ(ZookeeperSettingsOf(config, With(""))->session.credentials, "") << "set, and none";
}

TEST(ZookeeperSettings, RefuseAFileThatOthersMayReadOrThatHoldsNoAccountI10) {
  Config config = ConfigOf("zk:2181");
  const auto error = [&config](const std::string& text, mode_t mode) {
    const AuthFile file(text, mode);
    config.coordinator_auth_file = file.path();
    const auto settings = ZookeeperSettingsOf(config, With({}));
    return settings ? "" : settings.error().message();
  };
  EXPECT_THAT(error("user:canary", 0644), HasSubstr("chmod 600"));
  for (const char* const text : {"canary", ":canary", "canary:", "canary:\n"}) {
    EXPECT_THAT(error(text, 0600),
                AllOf(HasSubstr("must hold user:password"), Not(HasSubstr("canary"))));
  }
  EXPECT_THAT(error("", 0600), HasSubstr("is empty"));
  EXPECT_THAT(ZookeeperSettingsOf(ConfigOf("zk:2181"), With("canary")).error().message(),
              AllOf(HasSubstr("TYMBAL_COORDINATOR_AUTH"), Not(HasSubstr("canary"))));
}

}  // namespace
}  // namespace tymbal::cli
