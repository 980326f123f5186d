#include "contract/coordinator_harness.h"

#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "common/local_coordinator.h"
#include "common/zookeeper_coordinator.h"
#include "common/zookeeper_native_client.h"
#include "support/zookeeper_raw.h"

namespace tymbal::testing {
namespace {

std::string Variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

RealHarness::Options WithRoot(RealHarness::Options options) {
  if (options.root.empty()) options.root = FreshRoot();
  return options;
}

CoordinatorKind RealKind(const std::string& name, const std::string& kind) {
  return {name,
          [kind](EventLoop*) {
            return std::make_unique<RealHarness>(RealHarness::Options{.servers = ServersOf(kind)});
          },
          [kind] { return Missing(kind); }};
}

}  // namespace

std::unique_ptr<Coordinator> LocalHarness::Make(const std::string& /*node*/, Clock* clock) {
  return std::make_unique<LocalCoordinator>(clock);
}

MemoryHarness::MemoryHarness(EventLoop* loop)
    : server_(loop,
              {.session_timeout_ms = 600, .tick_ms = 50, .latency_ms = [] { return int64_t{1}; }}) {
}

std::unique_ptr<Coordinator> MemoryHarness::Make(const std::string& node, Clock* clock) {
  return std::make_unique<ZookeeperCoordinator>(
      ZookeeperCoordinatorOptions{.root = "/infra/test", .reconnect_ms = 5},
      server_.Factory(node, clock), clock);
}

RealHarness::RealHarness(Options options)
    : options_(WithRoot(std::move(options))), log_(LogLevel::kError) {
  for (size_t begin = 0; begin < options_.servers.size();) {
    const size_t comma = std::min(options_.servers.find(',', begin), options_.servers.size());
    servers_.push_back(options_.servers.substr(begin, comma - begin));
    begin = comma + 1;
  }
}

std::unique_ptr<Coordinator> RealHarness::Make(const std::string& node, Clock* clock) {
  const auto [proxy, is_new] = proxies_.try_emplace(node);
  if (is_new) {
    proxy->second = std::make_unique<ZookeeperProxy>(servers_[proxies_.size() % servers_.size()]);
  }
  return std::make_unique<ZookeeperCoordinator>(
      ZookeeperCoordinatorOptions{.root = options_.root, .reconnect_ms = 5},
      MakeZookeeperFactory({.servers = proxy->second->address(),
                            .session_timeout_ms = options_.session_timeout_ms,
                            .credentials = options_.credentials},
                           clock, &log_),
      clock);
}

/// By a second connection with the same session, which closes it; the node is kept off meanwhile,
/// for it would take the session back.
void RealHarness::ExpireSession(const std::string& node) {
  const ZookeeperProxy::Session session = proxy(node).session();
  proxy(node).Cut();
  { const ZookeeperRaw thief(proxy(node).server(), session); }
  proxy(node).Heal();
}

void RealHarness::Remove(const std::string& below) {
  EXPECT_EQ(
      ZookeeperRaw(options_.servers, options_.credentials).RemoveAll(options_.root + "/" + below),
      ZOK);
}

void RealHarness::Write(const std::string& below, const std::string& data) {
  EXPECT_EQ(
      ZookeeperRaw(options_.servers, options_.credentials).Write(options_.root + "/" + below, data),
      ZOK);
}

std::string FreshRoot() {
  static int number = 0;
  return "/test-" + std::to_string(getpid()) + "-" + std::to_string(++number);
}

std::string ServersOf(const std::string& kind) { return Variable("TYMBAL_TEST_" + kind + "_URL"); }

std::string Missing(const std::string& kind) {
  if (!ServersOf(kind).empty()) return "";
  const std::string why = Variable("TYMBAL_TEST_" + kind + "_SKIPPED");
  return !why.empty() ? why
                      : "TYMBAL_TEST_" + kind + "_URL names no server; scripts/stack starts one";
}

std::vector<CoordinatorKind> ClusterKinds() {
  return {{"Memory", [](EventLoop* loop) { return std::make_unique<MemoryHarness>(loop); }},
          RealKind("Zookeeper", "ZOOKEEPER"),
          RealKind("Ensemble", "ZOOKEEPER_ENSEMBLE")};
}

std::string NameOfKind(const ::testing::TestParamInfo<CoordinatorKind>& kind) {
  return kind.param.name;
}

Task TaskOf(Epoch epoch, RunId run) {
  return {epoch,
          run,
          {0, 60'000},
          1024,
          {{0, {0, 1000}, {"a"}, {7}}, {1, {1000, 1024}, {"b\n支"}, {8}}}};
}

}  // namespace tymbal::testing
