// Accounts, access lists, chroots and sizes: what only a real ZooKeeper shows.

#include <gmock/gmock.h>

#include "cli/cluster_client.h"
#include "common/znode_records.h"
#include "contract/coordinator_harness.h"
#include "support/zookeeper_raw.h"

namespace tymbal::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr char kAccount[] = "tymbal:canary-right";
constexpr char kWrongPassword[] = "tymbal:canary-wrong";

class CoordinatorAccess : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Missing("ZOOKEEPER").empty()) GTEST_SKIP() << Missing("ZOOKEEPER");
    servers_ = ServersOf("ZOOKEEPER");
    root_ = FreshRoot();
  }

  RealHarness Harness(const std::string& credentials) {
    return RealHarness({.servers = servers_, .credentials = credentials, .root = root_});
  }
  /// Makes every znode that there is.
  static void MakeAll(Party* party, Epoch epoch = {1}) {
    ASSERT_TRUE(party->Join(party->Self()).ok());
    ASSERT_TRUE(party->Campaign().has_value());
    ASSERT_TRUE(party->Claim(epoch).ok());
    ASSERT_TRUE(party->Publish(TaskOf(epoch, {7})).ok());
    ASSERT_TRUE(party->Report({7}, 0, {{1}, ""}).ok());
    ASSERT_TRUE(party->Report({7}, 0, {{2}, ""}).ok());  // By another way.
    ASSERT_EQ(party->ReadProgress({8}).size(), 0U);      // Makes its folder.
    ASSERT_TRUE(party->Write(Control{true, "", 1}).ok());
  }
  /// Returns how a coordinator that can't be used says so.
  Status FailureOf(const std::string& credentials) {
    RealHarness harness = Harness(credentials);
    Party party(&loop_, &harness, "b");
    party.coordinator().Start(&party);
    party.Until([&] { return party.live || !party.failure.ok(); });
    EXPECT_FALSE(party.live);
    EXPECT_TRUE(party.Stop().ok());
    return party.failure;
  }
  void ExpectClear(const Status& status) {
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(),
                AllOf(HasSubstr(root_), HasSubstr("another account"),
                      HasSubstr("coordinator.auth_file"), Not(HasSubstr("canary"))));
  }

  EventLoop loop_;
  std::string servers_;
  std::string root_;
};

TEST_F(CoordinatorAccess, EveryZnodeIsTheAccountsAlone) {
  RealHarness harness = Harness(kAccount);
  Party a(&loop_, &harness, "a");
  a.Start();
  MakeAll(&a);
  ZookeeperRaw owner(servers_, kAccount);
  ZookeeperRaw stranger(servers_);
  ZookeeperRaw impostor(servers_, kWrongPassword);
  const std::vector<std::string> tree = owner.Tree(root_);
  std::vector<std::string> expected = {root_};
  for (const char* const below : {"control", "epoch", "instances", "instances/a", "job", "master",
                                  "progress", "progress/7", "progress/7/0", "progress/8"}) {
    expected.push_back(root_ + "/" + below);
  }
  EXPECT_EQ(tree, expected);
  for (const std::string& path : tree) {
    SCOPED_TRACE(path);
    std::vector<std::string> rights;
    ASSERT_EQ(owner.Rights(path, &rights), ZOK);
    EXPECT_THAT(rights, ElementsAre(MatchesRegex("digest:tymbal:.* 31")));
    for (ZookeeperRaw* const other : {&stranger, &impostor}) {
      std::vector<std::string> names;
      EXPECT_EQ(other->Read(path), ZNOAUTH);
      EXPECT_EQ(other->Children(path, &names), ZNOAUTH);
      EXPECT_EQ(other->Rights(path, &rights), ZNOAUTH);
      EXPECT_EQ(other->Write(path, "x"), ZNOAUTH);
      EXPECT_EQ(other->OpenToAll(path), ZNOAUTH);
      EXPECT_EQ(other->Create(path + "/x"), ZNOAUTH);
      // To remove a node is the right of its parent, and that of the root is everybody's.
      EXPECT_EQ(other->Remove(path), path == root_ ? ZNOTEMPTY : ZNOAUTH);
    }
  }
  EXPECT_TRUE(a.Stop().ok());
}

TEST_F(CoordinatorAccess, WithoutAnAccountZnodesAreOpenToEveryone) {
  RealHarness harness = Harness("");
  Party a(&loop_, &harness, "a");
  a.Start();
  MakeAll(&a);
  ZookeeperRaw stranger(servers_);
  for (const std::string& path : stranger.Tree(root_)) {
    std::vector<std::string> rights;
    ASSERT_EQ(stranger.Rights(path, &rights), ZOK);
    EXPECT_THAT(rights, ElementsAre("world:anyone 31")) << path;
  }
  EXPECT_TRUE(a.Stop().ok());
}

TEST_F(CoordinatorAccess, AnotherPasswordOrNoneIsAnErrorThatNamesTheCure) {
  RealHarness harness = Harness(kAccount);
  Party a(&loop_, &harness, "a");
  a.Start();
  ExpectClear(FailureOf(kWrongPassword));
  ExpectClear(FailureOf("other:canary-right"));
  ExpectClear(FailureOf(""));
  EXPECT_TRUE(a.Stop().ok());
}

TEST_F(CoordinatorAccess, CallsOnTheZnodesOfAnotherAccountFailForGood) {
  ZookeeperRaw owner(servers_, kAccount);
  ASSERT_EQ(owner.Create(root_), ZOK);
  for (const char* const below : {"/instances", "/progress", "/job", "/control", "/epoch"}) {
    ASSERT_EQ(owner.Create(root_ + below, &ZOO_CREATOR_ALL_ACL), ZOK);
  }
  RealHarness harness = Harness("");
  Party a(&loop_, &harness, "a");
  a.Start();  // What it needs is there, and the root is open.
  ExpectClear(a.Join(a.Self()));
  ExpectClear(a.Members().error());
  ExpectClear(a.ReadTask().error());
  ExpectClear(a.Report({1}, 0, {{1}, ""}));
  ExpectClear(a.Write(Control{}));
  ASSERT_TRUE(a.Campaign().has_value());
  ExpectClear(a.Claim({1}));
  EXPECT_TRUE(a.Stop().ok());
}

TEST_F(CoordinatorAccess, ARootThatWasGivenToUsBelowSomebodyElsesIsEnough) {
  ZookeeperRaw other(servers_, "other:canary-right");
  ASSERT_EQ(other.Create(root_, &ZOO_CREATOR_ALL_ACL), ZOK);
  ASSERT_EQ(other.Create(root_ + "/ours"), ZOK);
  RealHarness harness({.servers = servers_, .credentials = kAccount, .root = root_ + "/ours"});
  Party a(&loop_, &harness, "a");
  a.Start();
  MakeAll(&a);
  EXPECT_TRUE(a.Stop().ok());
}

TEST_F(CoordinatorAccess, TheAccountIsSentAgainAfterACutAndAfterAnExpiry) {
  RealHarness harness = Harness(kAccount);
  Party a(&loop_, &harness, "a");
  a.Start();
  MakeAll(&a);
  harness.Cut("a");
  a.Until([&] { return a.suspended == 1; });
  harness.Heal("a");
  a.Until([&] { return a.live; });
  EXPECT_EQ(a.ReadTask().value(), TaskOf({1}, {7}));
  EXPECT_TRUE(a.Publish(TaskOf({1}, {8})).ok());
  harness.ExpireSession("a");
  a.Until([&] { return a.expired == 1 && a.live; });
  EXPECT_EQ(a.ReadTask().value(), TaskOf({1}, {8}));
  MakeAll(&a, {2});
  EXPECT_TRUE(a.failure.ok());
  std::vector<std::string> rights;
  ZookeeperRaw owner(servers_, kAccount);
  ASSERT_EQ(owner.Rights(root_ + "/instances/a", &rights), ZOK);
  EXPECT_THAT(rights, ElementsAre(MatchesRegex("digest:tymbal:.* 31")));
  EXPECT_TRUE(a.Stop().ok());
}

TEST_F(CoordinatorAccess, AChrootIsMadeWhenItIsNotThere) {
  Config config;
  config.coordinator_servers = servers_ + root_ + "/deep/chroot";
  config.coordinator_root = "/infra/web";
  const Environment environment = [](const std::string& name) {
    return name == "TYMBAL_COORDINATOR_AUTH" ? std::optional<std::string>(kAccount) : std::nullopt;
  };
  {
    const auto client = cli::ClusterClient::Connect(config, environment);
    ASSERT_TRUE(client.has_value()) << client.error().message();
    const Status written = (*client)->Await<Status>([&](auto done) {
      (*client)->coordinator().WriteControl({true, "for a while", 1}, std::move(done));
    });
    EXPECT_TRUE(written.ok()) << written.message();
  }
  ZookeeperRaw owner(servers_, kAccount);
  const std::string root = root_ + "/deep/chroot/infra/web";
  EXPECT_THAT(owner.Tree(root_), ElementsAre(root_, root_ + "/deep", root_ + "/deep/chroot",
                                             root_ + "/deep/chroot/infra", root, root + "/control",
                                             root + "/instances", root + "/progress"));
  // There by now: it is used, and another one is another cluster.
  const auto again = cli::ClusterClient::Connect(config, environment);
  ASSERT_TRUE(again.has_value()) << again.error().message();
  const auto read = [](cli::ClusterClient& client) {
    return client.Await<Result<Control>>(
        [&](auto reply) { client.coordinator().ReadControl(std::move(reply)); });
  };
  EXPECT_EQ(read(**again)->reason, "for a while");
  config.coordinator_servers = servers_ + root_ + "/other";
  const auto other = cli::ClusterClient::Connect(config, environment);
  ASSERT_TRUE(other.has_value()) << other.error().message();
  EXPECT_EQ(read(**other).value(), Control{});
}

TEST_F(CoordinatorAccess, NothingIsSentOfWhatIsTooBig) {
  RealHarness harness = Harness("");
  Party a(&loop_, &harness, "a");
  a.Start();
  ASSERT_TRUE(a.Campaign().has_value());
  ASSERT_TRUE(a.Claim({1}).ok());
  const uint64_t writes = harness.proxy("a").writes();
  const uint64_t bytes = harness.proxy("a").bytes();
  Task task = TaskOf({1}, {1});
  task.fragments[0].node.value.assign(kZnodeBytesMax, 'x');
  Member member = a.Self();
  member.host.assign(kZnodeBytesMax, 'x');
  const std::string text(kZnodeBytesMax, 'x');
  for (const Status& status :
       {a.Publish(task), a.Join(member), a.Report({1}, 0, {{1}, text}), a.Write({true, text, 1})}) {
    EXPECT_EQ(status.code(), StatusCode::kExhausted);
    EXPECT_THAT(status.message(), HasSubstr("too big to be sent"));
    EXPECT_LT(status.message().size(), 200U);
  }
  EXPECT_EQ(harness.proxy("a").writes(), writes);
  EXPECT_LT(harness.proxy("a").bytes(), bytes + 1'000) << "signs of life";
  // What just fits is taken.
  member.host.resize(kZnodeBytesMax - 1'000);
  EXPECT_TRUE(a.Join(member).ok());
  EXPECT_EQ(a.Members()->front().host, member.host);
  EXPECT_EQ(a.suspended + a.expired, 0);
  EXPECT_TRUE(a.Stop().ok());
}

}  // namespace
}  // namespace tymbal::testing
