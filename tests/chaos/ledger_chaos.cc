// The ledger on a real server under faults: writers and masters that are paused, killed and
// replaced, a proxy that loses, orphans and delays COMMITs. docs/testing.md says how to repeat a
// run.
//
// A chaos test that can't tell a broken writer from a sound one is worth nothing, so the broken
// ones of variant_writer.h are run as well, and each must be caught by what it does wrong.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <random>
#include <string>
#include <vector>

#include "chaos/checker.h"
#include "chaos/cluster.h"
#include "chaos/history.h"
#include "chaos/raw_sql.h"
#include "chaos/sql_proxy.h"
#include "chaos/variant_writer.h"
#include "support/mysql_test_server.h"

namespace tymbal::chaos {
namespace {

constexpr int kSkipped = 77;
constexpr int64_t kHealAfterMs = 150'000;  // Until then the faults go on, if the work isn't done.
constexpr int64_t kCalmMs = 60'000;        // So much later it must be.

struct Settings {
  std::string server = "mariadb";
  std::string variant = "adapter";
  std::string disturb;
  uint64_t seed = 0;
  int32_t periods = 12;
  int32_t fragments = 32;
};

/// A broken writer and what tells on it: one of these must be found.
struct Control {
  Variant variant;
  std::vector<Violation> caught_by;
};

std::vector<Control> Controls() {
  return {
      {Variant::kNoCheck, {Violation::kCommittedTwice}},
      // Whose attempt is overwritten depends on which of the two commits first.
      {Variant::kPlainRead,
       {Violation::kCommittedTwice, Violation::kForeignRows, Violation::kLostCommit}},
      {Variant::kAdditive, {Violation::kWrongNumbers}},
      {Variant::kConnectorCommit, {Violation::kLostCommit}},
  };
}

/// Runs the whole thing once on a database of its own and checks it.
void RunOnce(const Settings& settings, const testing::MysqlTestServer& server, Variant variant,
             History* history) {
  testing::MysqlTestDatabase database(server);
  database.Migrate();
  const RawSql::Target direct = {.port = database.target().port,
                                 .user = database.target().user,
                                 .database = database.target().database};
  InstallProbes(*std::make_unique<RawSql>(direct));

  const int64_t started_ms = SteadyMs();
  bool finished = false;
  std::string faults;
  {
    SqlProxy::Options faulty = {.server_port = direct.port, .seed = settings.seed};
    // What a plain read overlooks is a COMMIT on its way: a small run needs many of them.
    const int64_t orphans = variant == Variant::kPlainRead ? 250 : 80;
    faulty.commit_permille = {0, 60, 60, orphans, 60};
    faulty.cut_permille = 5;
    SqlProxy proxy(faulty);
    ClusterOptions options;
    options.variant = variant;
    options.seed = settings.seed;
    options.periods = settings.periods;
    options.recomputed = settings.periods / 3;
    options.fragments = settings.fragments;
    options.proxied = database.target();
    options.proxied.host = "127.0.0.1";
    options.proxied.port = proxy.port();
    options.proxied.tls = MysqlTls::kOff;  // The proxy reads the protocol.
    options.direct = direct;
    options.disturb = settings.disturb;
    Cluster cluster(options, *history);
    cluster.Start();
    finished = cluster.Await(kHealAfterMs);
    proxy.set_faults(false);
    cluster.Heal();
    if (!finished) finished = cluster.Await(kCalmMs);
    cluster.Stop();
    faults = proxy.Summary();
  }
  if (!finished) {
    history->AddViolation(
        Violation::kStuck,
        fmt::format("not all is published {} s after the last fault", kCalmMs / 1000));
  }
  RawSql sql(direct);
  CheckLedger(sql, settings.fragments, history);
  fmt::print("{}: {} s, {} runs of {} fragments\n  {}\n  proxy: {}\n", VariantName(variant),
             (SteadyMs() - started_ms) / 1000, settings.periods + settings.periods / 3,
             settings.fragments, history->Summary(), faults);
  fmt::print("{}", history->Findings());
  std::fflush(stdout);
}

/// A sound one must leave nothing to find.
bool PassesSound(const Settings& settings, const testing::MysqlTestServer& server,
                 Variant variant) {
  History history;
  RunOnce(settings, server, variant, &history);
  return history.clean();
}

bool PassesControls(const Settings& settings, const testing::MysqlTestServer& server) {
  bool passed = PassesSound(settings, server, Variant::kSound);
  for (const Control& control : Controls()) {
    History history;
    RunOnce(settings, server, control.variant, &history);
    bool caught = false;
    for (const Violation violation : control.caught_by) caught |= history.Has(violation);
    fmt::print("  {}\n", caught ? "caught, as it must be" : "NOT CAUGHT: the test has no teeth");
    passed = passed && caught;
  }
  return passed;
}

int Main(int argc, char** argv) {
  Settings settings;
  settings.seed = std::random_device()();
  CLI::App app("The ledger on a real server under faults");
  app.add_option("--server", settings.server, "mariadb or mysql: TYMBAL_TEST_<SERVER>_URL names it")
      ->check(CLI::IsMember({"mariadb", "mysql"}));
  app.add_option("--variant", settings.variant,
                 "adapter, controls (all others), or one of the others by name");
  app.add_option("--seed", settings.seed, "decides all faults")->envname("TYMBAL_CHAOS_SEED");
  app.add_option("--disturb", settings.disturb, "a shell command to run every 5 to 15 s");
  app.add_option("--periods", settings.periods)->check(CLI::Range(1, 1000));
  app.add_option("--fragments", settings.fragments, "of each run")->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  const testing::MysqlTestServer& server =
      settings.server == "mysql" ? testing::kMysqlServer : testing::kMariadbServer;
  const bool controls = settings.variant == "controls";
  const std::optional<Variant> variant = ParseVariant(settings.variant);
  if (!controls && !variant.has_value()) {
    fmt::print(stderr, "there is no variant {}\n", settings.variant);
    return 2;
  }

  fmt::print("seed={}\n", settings.seed);
  std::fflush(stdout);
  if (!testing::FindServer(server).has_value()) {
    fmt::print("SKIPPED: {}\n", testing::WhyNoServer(server));
    return kSkipped;
  }
  signal(SIGPIPE, SIG_IGN);
  const bool passed =
      controls ? PassesControls(settings, server) : PassesSound(settings, server, *variant);
  if (!passed) {
    fmt::print(
        "FAILED seed={} rerun: ledger_chaos --server {} --variant {} --periods {}"
        " --fragments {} --seed {}\n",
        settings.seed, settings.server, settings.variant, settings.periods, settings.fragments,
        settings.seed);
  }
  return passed ? 0 : 1;
}

}  // namespace
}  // namespace tymbal::chaos

int main(int argc, char** argv) {
  try {
    return tymbal::chaos::Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "ledger_chaos: {}\n", error.what());
    return 1;
  }
}
