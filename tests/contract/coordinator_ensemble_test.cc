// An ensemble that loses its leader, or two of its three servers, under live sessions. The servers
// are shared with the contract suite, so these tests never run beside others
// (tests/CMakeLists.txt).

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <set>

#include "common/zookeeper_coordinator.h"
#include "common/zookeeper_native_client.h"
#include "contract/coordinator_harness.h"

namespace tymbal::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using Topic = Coordinator::Topic;

constexpr int64_t kLongSessionMs = 40'000;  // No outage here takes as long.
constexpr int64_t kShortSessionMs = 1'000;

/// Nodes that may use all servers, as in production.
class EnsembleHarness : public CoordinatorHarness {
 public:
  std::unique_ptr<Coordinator> Make(const std::string& node, Clock* clock) override {
    return std::make_unique<ZookeeperCoordinator>(
        ZookeeperCoordinatorOptions{.root = root_, .reconnect_ms = 5},
        MakeZookeeperFactory(
            {.servers = ServersOf("ZOOKEEPER_ENSEMBLE"),
             .session_timeout_ms = node.starts_with("short") ? kShortSessionMs : kLongSessionMs},
            clock, &log_),
        clock);
  }

 private:
  const std::string root_ = FreshRoot();
  StderrLog log_{LogLevel::kError};
};

/// Returns the answer of a server to one of ZooKeeper's four-letter words; empty if it has none.
std::string Ask(const std::string& host, uint16_t port, const std::string& word) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  std::string answer;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      send(fd, word.data(), word.size(), MSG_NOSIGNAL) > 0) {
    std::array<char, 4096> buffer{};
    ssize_t got = 0;
    while ((got = recv(fd, buffer.data(), buffer.size(), 0)) > 0) {
      answer.append(buffer.data(), static_cast<size_t>(got));
    }
  }
  close(fd);
  return answer;
}

class EnsembleFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string missing = Missing("ZOOKEEPER_ENSEMBLE");
    if (!missing.empty()) GTEST_SKIP() << missing;
    ASSERT_NE(std::getenv("TYMBAL_TEST_STACK"), nullptr) << "run it under scripts/stack";
  }
  void TearDown() override {
    if (!killed_.empty()) Restart();
  }

  /// Returns the leader's name, "1" to "3"; empty while there is none.
  static std::string Leader() {
    const std::string servers = ServersOf("ZOOKEEPER_ENSEMBLE");
    const auto port = static_cast<uint16_t>(std::stoi(servers.substr(servers.rfind(':') + 1)));
    for (const std::string name : {"1", "2", "3"}) {
      const bool leads =
          Ask("127.0.1." + name, port, "srvr").find("Mode: leader") != std::string::npos;
      if (leads) return name;
    }
    return "";
  }
  void Kill(const std::set<std::string>& names) {
    for (const std::string& name : names) Stack("kill", name);
    killed_.insert(names.begin(), names.end());
  }
  /// Starts again what was killed. The first of two makes a quorum with the one that lives.
  void Restart() {
    for (const std::string& name : std::exchange(killed_, {})) Stack("restart", name);
  }

  EventLoop loop_;
  EnsembleHarness harness_;

 private:
  static void Stack(const std::string& action, const std::string& name) {
    const std::string command = std::string(std::getenv("TYMBAL_TEST_STACK")) + " " + action +
                                " zookeeper-ensemble/" + name + " --dir " +
                                std::getenv("TYMBAL_TEST_STACK_DIR");
    ASSERT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT: a test's own script
  }

  std::set<std::string> killed_;
};

TEST_F(EnsembleFaults, ALeaderThatIsKilledTakesNothingWithIt) {
  Party a(&loop_, &harness_, "a");
  Party b(&loop_, &harness_, "b");
  a.Start();
  b.Start();
  ASSERT_TRUE(a.Join(a.Self()).ok());
  ASSERT_TRUE(b.Join(b.Self()).ok());
  ASSERT_TRUE(a.Campaign().has_value());
  ASSERT_TRUE(a.Claim({1}).ok());
  ASSERT_TRUE(a.Publish(TaskOf({1}, {1})).ok());
  b.ExpectMaster("a");
  (void)b.ReadTask();
  const std::string leader = Leader();
  ASSERT_NE(leader, "");

  // Calls are on their way when it dies, and more of them come until one has succeeded again.
  std::map<int32_t, int> replies;
  std::set<int32_t> written;
  int32_t next = 0;
  int32_t next_at_kill = 0;
  bool recovered = false;
  std::function<void()> report = [&] {
    const int32_t no = next++;
    a.Begin<Status>(
        [&](auto done) {
          a.coordinator().ReportProgress({1}, no, {{1}, ""}, std::move(done));
        },
        [&, no](const Status& status) {
          ++replies[no];
          if (status.ok()) written.insert(no);
          if (!status.ok()) {
            EXPECT_THAT(status.code(), AnyOf(StatusCode::kUnavailable, StatusCode::kAmbiguous));
          }
          recovered = recovered || (status.ok() && next_at_kill > 0 && no >= next_at_kill);
        });
    if (!recovered) loop_.After(milliseconds(5), report);
  };
  report();
  a.Until([&] { return written.size() >= 20; });
  Kill({leader});
  next_at_kill = next;
  a.Until([&] { return recovered && a.live && b.live; });
  a.Settle();
  for (int32_t no = 0; no < next; ++no) EXPECT_EQ(replies[no], 1) << no;

  EXPECT_NE(Leader(), leader);
  EXPECT_EQ(a.expired + b.expired, 0);
  b.ExpectMembers({"a", "b"});
  b.ExpectMaster("a");
  const auto read = a.ReadProgress({1});
  for (const int32_t no : written) EXPECT_TRUE(read.contains(no)) << no << " was acknowledged";
  b.hints.clear();
  EXPECT_TRUE(a.Publish(TaskOf({1}, {2})).ok()) << "its claim is the session's";
  b.AwaitHint(Topic::kTask);
  b.ExpectSoon<Task>([&] { return b.ReadTask()->value(); }, TaskOf({1}, {2}));
  EXPECT_TRUE(a.Stop().ok());
  EXPECT_TRUE(b.Stop().ok());
}

TEST_F(EnsembleFaults, WithoutAQuorumNothingIsWrittenAndShortSessionsEndUntilItIsBack) {
  Party a(&loop_, &harness_, "a");
  Party b(&loop_, &harness_, "short");
  a.Start();
  b.Start();
  ASSERT_TRUE(a.Join(a.Self()).ok());
  ASSERT_TRUE(b.Join(b.Self()).ok());
  ASSERT_TRUE(a.Campaign().has_value());
  ASSERT_TRUE(a.Claim({1}).ok());
  ASSERT_TRUE(a.Publish(TaskOf({1}, {1})).ok());
  a.ExpectMembers({"a", "short"});
  // The leader and another one.
  std::set<std::string> two = {"1", "2", "3"};
  two.erase(Leader() == "1" ? "2" : "1");
  Kill(two);
  a.Until([&] { return !a.live && b.expired >= 1; });
  EXPECT_EQ(a.Publish(TaskOf({1}, {2})).code(), StatusCode::kUnavailable);
  EXPECT_EQ(b.Members().error().code(), StatusCode::kUnavailable);

  Restart();
  a.Until([&] { return a.live && b.live; });
  EXPECT_EQ(a.expired, 0);
  EXPECT_EQ(a.ReadTask().value(), TaskOf({1}, {1}));
  EXPECT_TRUE(a.Publish(TaskOf({1}, {2})).ok());
  // Its old registration may still be there: then it is known as its own.
  ASSERT_TRUE(b.Join(b.Self()).ok());
  a.ExpectMembers({"a", "short"});
  b.ExpectMaster("a");
  EXPECT_TRUE(a.Stop().ok());
  EXPECT_TRUE(b.Stop().ok());
}

}  // namespace
}  // namespace tymbal::testing
