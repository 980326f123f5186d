#include "cli/status_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cli/cluster_client.h"
#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/open_store.h"
#include "common/period.h"
#include "common/text.h"
#include "common/time_text.h"
#include "master/balance.h"
#include "master/member_check.h"
#include "master/schedule.h"

namespace tymbal::cli {
namespace {

constexpr size_t kLedgerMax = 100'000;
constexpr size_t kPeriodsShown = 10;

/// All that `tymbal status` says.
struct ClusterStatus {
  int64_t now_ms = 0;
  std::optional<MasterRecord> master;
  Epoch board_epoch;
  Control control;
  std::vector<Member> members;
  std::vector<RunRecord> open_runs;
  std::optional<int64_t> watermark_ms;
  std::optional<Period> due;
  std::vector<PeriodLedger> unpublished;   ///< Failed and open ones.
  std::optional<master::Balance> balance;  ///< Of the last published run.
  std::vector<std::string> warnings;
};

Status ReadBalance(ResultStore* store, const std::vector<PeriodLedger>& ledger,
                   ClusterStatus* status) {
  const auto last = std::find_if(ledger.rbegin(), ledger.rend(), [](const PeriodLedger& period) {
    return period.state == RunState::kPublished;
  });
  if (last == ledger.rend()) return Status::Ok();
  TYMBAL_ASSIGN_OR_RETURN(const RunRecord run, store->ReadRun(last->run));
  status->balance = master::BalanceOf(run);
  if (!status->balance || !status->balance->heavy) return Status::Ok();
  const master::HeavySlot& heavy = *status->balance->heavy;
  status->warnings.push_back(
      fmt::format("slot {} alone has {} of {} spans, more than the share of one of {} nodes: "
                  "further nodes make "
                  "the runs no faster",
                  heavy.slot, heavy.weight, heavy.total, status->balance->nodes));
  return Status::Ok();
}

Status ReadCluster(ClusterClient* client, ClusterStatus* status) {
  Coordinator& coordinator = client->coordinator();
  TYMBAL_ASSIGN_OR_RETURN(status->master,
                          (client->Await<Result<std::optional<MasterRecord>>>(
                              [&](auto reply) { coordinator.ReadMaster(std::move(reply)); })));
  TYMBAL_ASSIGN_OR_RETURN(status->board_epoch, client->Await<Result<Epoch>>([&](auto reply) {
    coordinator.ReadBoardEpoch(std::move(reply));
  }));
  TYMBAL_ASSIGN_OR_RETURN(status->control, client->Await<Result<Control>>([&](auto reply) {
    coordinator.ReadControl(std::move(reply));
  }));
  TYMBAL_ASSIGN_OR_RETURN(status->members,
                          client->Await<Result<std::vector<Member>>>(
                              [&](auto reply) { coordinator.ReadMembers(std::move(reply)); }));
  status->warnings = master::CheckMembers(status->members);
  if (status->members.empty()) {
    status->warnings.push_back("no node is there");
  } else if (!status->master) {
    status->warnings.push_back("nobody is master");
  }
  return Status::Ok();
}

Status ReadStore(const Config& config, ClusterStatus* status) {
  TYMBAL_ASSIGN_OR_RETURN(const auto store, OpenResultStore(config.store, /*create=*/false));
  TYMBAL_ASSIGN_OR_RETURN(status->open_runs, store->ReadOpenRuns());
  TYMBAL_ASSIGN_OR_RETURN(const std::optional<int64_t> first_ms, store->ReadFirstPeriod());
  if (!first_ms) return Status::Ok();
  TYMBAL_ASSIGN_OR_RETURN(const std::vector<PeriodLedger> ledger,
                          store->ReadLedger(*first_ms, kLedgerMax));
  TYMBAL_ASSIGN_OR_RETURN(const PeriodGrid grid,
                          PeriodGrid::Create(config.period_length_ms, config.period_offset_ms));
  const master::ScheduleState schedule =
      master::LookAtSchedule({.grid = grid,
                              .delay_ms = config.schedule_delay_ms,
                              .retry_ms = config.schedule_retry_failed_ms},
                             *first_ms, ledger, status->now_ms);
  status->watermark_ms = schedule.watermark_ms;
  status->due = schedule.due;
  for (const PeriodLedger& period : ledger) {
    if (period.state != RunState::kPublished) status->unpublished.push_back(period);
  }
  return ReadBalance(store.get(), ledger, status);
}

std::string AgeOf(int64_t since_ms, int64_t now_ms) {
  const int64_t seconds = std::max<int64_t>(0, now_ms - since_ms) / 1000;
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7'200) return fmt::format("{} m", seconds / 60);
  return fmt::format("{} h", seconds / 3'600);
}

struct Load {
  size_t given = 0;
  size_t done = 0;
};
std::map<NodeId, Load> LoadsOf(const ClusterStatus& status) {
  std::map<NodeId, Load> loads;
  for (const RunRecord& run : status.open_runs) {
    for (const FragmentRecord& fragment : run.fragments) {
      Load& load = loads[fragment.node];
      ++load.given;
      if (fragment.state == FragmentState::kDone) ++load.done;
    }
  }
  return loads;
}

void PrintNodes(const ClusterStatus& status, std::ostream& out) {
  std::map<NodeId, Load> loads = LoadsOf(status);
  fmt::print(out, "\n{:<24} {:<24} {:<10} {:>8} {:>16}\n", "node", "host", "version", "pid",
             "fragments done");
  for (const Member& member : status.members) {
    const Load load = loads[member.node];
    fmt::print(out, "{:<24} {:<24} {:<10} {:>8} {:>16}\n", Printable(member.node.value),
               Printable(member.host), Printable(member.version), member.pid,
               fmt::format("{} of {}", load.done, load.given));
  }
}

void PrintRun(const RunRecord& run, const ClusterStatus& status, std::ostream& out) {
  const TimeZone utc = TimeZone::Utc();
  fmt::print(out, "\nrun {} of {} to {}, attempt {}, since {}\n", run.id.value,
             utc.FormatShort(run.period.start_ms), utc.FormatShort(run.period.end_ms), run.attempt,
             AgeOf(run.created_ms, status.now_ms));
  fmt::print(out, "{:>8} {:>12} {:<24} {:>6} {:<9} {:>6}\n", "fragment", "slots", "node", "token",
             "state", "age");
  for (const FragmentRecord& fragment : run.fragments) {
    const bool done = fragment.state == FragmentState::kDone;
    fmt::print(out, "{:>8} {:>12} {:<24} {:>6} {:<9} {:>6}\n", fragment.no,
               fmt::format("{}-{}", fragment.slots.from, fragment.slots.to),
               Printable(fragment.node.value), fragment.token.value, done ? "done" : "assigned",
               AgeOf(done ? fragment.done_ms : fragment.started_ms, status.now_ms));
  }
}

void PrintStatus(const ClusterStatus& status, std::ostream& out) {
  const TimeZone utc = TimeZone::Utc();
  if (status.master) {
    fmt::print(out, "master     {}, epoch {}, since {}\n", Printable(status.master->node.value),
               status.master->epoch.value, AgeOf(status.master->since_ms, status.now_ms));
  } else {
    fmt::print(out, "master     none, last epoch {}\n", status.board_epoch.value);
  }
  if (status.control.paused) {
    fmt::print(out, "paused     since {}: {}\n", AgeOf(status.control.since_ms, status.now_ms),
               Printable(status.control.reason));
  }
  if (status.watermark_ms) {
    fmt::print(out, "watermark  {}, {} behind\n", utc.FormatShort(*status.watermark_ms),
               AgeOf(*status.watermark_ms, status.now_ms));
  } else {
    fmt::print(out, "watermark  none: no cluster has worked on this store\n");
  }
  if (status.balance) {
    fmt::print(out, "balance    the heaviest of {} nodes read {:.2f} x the mean, {}\n",
               status.balance->nodes, status.balance->heaviest,
               utc.FormatShort(status.balance->period.start_ms));
  }
  PrintNodes(status, out);
  for (const RunRecord& run : status.open_runs) PrintRun(run, status, out);
  if (!status.unpublished.empty()) fmt::print(out, "\nnot published\n");
  for (size_t i = 0; i < status.unpublished.size() && i < kPeriodsShown; ++i) {
    const PeriodLedger& period = status.unpublished[i];
    fmt::print(out, "  {}  {:<6}  attempt {}  {}\n", utc.FormatShort(period.period.start_ms),
               RunStateName(period.state), period.attempt, Printable(period.reason));
  }
  if (status.unpublished.size() > kPeriodsShown) {
    fmt::print(out, "  and {} more\n", status.unpublished.size() - kPeriodsShown);
  }
  if (!status.warnings.empty()) fmt::print(out, "\n");
  for (const std::string& warning : status.warnings) {
    fmt::print(out, "warning: {}\n", Printable(warning));
  }
}

template <typename T, typename Write>
void PrintList(std::string_view key, const std::vector<T>& list, std::ostream& out, Write write) {
  fmt::print(out, ",\n\"{}\":[", key);
  for (size_t i = 0; i < list.size(); ++i)
    fmt::print(out, "{}{}", i == 0 ? "" : ",", write(list[i]));
  fmt::print(out, "]");
}

std::string FragmentJson(const FragmentRecord& fragment) {
  return fmt::format(R"({{"no":{},"slot_from":{},"slot_to":{},"node":{},"token":{},"state":"{}",)"
                     R"("started_ms":{},"done_ms":{}}})",
                     fragment.no, fragment.slots.from, fragment.slots.to,
                     JsonQuote(fragment.node.value), fragment.token.value,
                     fragment.state == FragmentState::kDone ? "done" : "assigned",
                     fragment.started_ms, fragment.done_ms);
}

std::string RunJson(const RunRecord& run) {
  std::string fragments;
  for (const FragmentRecord& fragment : run.fragments) {
    fragments += (fragments.empty() ? "" : ",") + FragmentJson(fragment);
  }
  return fmt::format(
      R"({{"run":{},"start_ms":{},"end_ms":{},"attempt":{},"epoch":{},"created_ms":{},)"
      R"("fragments":[{}]}})",
      run.id.value, run.period.start_ms, run.period.end_ms, run.attempt, run.epoch.value,
      run.created_ms, fragments);
}

void PrintJson(const ClusterStatus& status, std::ostream& out) {
  fmt::print(out, "{{\"now_ms\":{}", status.now_ms);
  if (status.master) {
    fmt::print(out, R"(,"master":{{"node":{},"epoch":{},"since_ms":{}}})",
               JsonQuote(status.master->node.value), status.master->epoch.value,
               status.master->since_ms);
  } else {
    fmt::print(out, ",\"master\":null");
  }
  fmt::print(out, R"(,"epoch":{},"paused":{},"reason":{})", status.board_epoch.value,
             status.control.paused, JsonQuote(status.control.reason));
  fmt::print(out, ",\"watermark_ms\":{}",
             status.watermark_ms ? fmt::to_string(*status.watermark_ms) : "null");
  if (status.balance) {
    const master::Balance& balance = *status.balance;
    fmt::print(out,
               R"(,"balance":{{"start_ms":{},"spans":{},"nodes":{},"heaviest":{:.4f},"slot":{}}})",
               balance.period.start_ms, balance.spans, balance.nodes, balance.heaviest,
               balance.heavy ? fmt::to_string(balance.heavy->slot) : "null");
  } else {
    fmt::print(out, ",\"balance\":null");
  }
  PrintList("nodes", status.members, out, [](const Member& member) {
    return fmt::format(
        R"({{"node":{},"host":{},"version":{},"pid":{},"running":{},"spans_read":{},)"
        R"("clock_ahead_ms":{}}})",
        JsonQuote(member.node.value), JsonQuote(member.host), JsonQuote(member.version), member.pid,
        member.running, member.spans_read, master::ClockAheadMs(member));
  });
  PrintList("runs", status.open_runs, out, RunJson);
  PrintList("unpublished", status.unpublished, out, [](const PeriodLedger& period) {
    return fmt::format(R"({{"start_ms":{},"end_ms":{},"state":"{}","attempt":{},"reason":{}}})",
                       period.period.start_ms, period.period.end_ms, RunStateName(period.state),
                       period.attempt, JsonQuote(period.reason));
  });
  PrintList("warnings", status.warnings, out,
            [](const std::string& warning) { return JsonQuote(warning); });
  fmt::print(out, "}}\n");
}

Result<Config> LoadClusterConfig(const std::string& conf, const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(Config config, LoadConfig(conf, environment));
  const Status complete = CheckClusterConfig(config);
  if (!complete.ok()) return complete.WithContext(conf);
  return config;
}

int Report(std::string_view command, const Status& status, std::ostream& err) {
  if (status.ok()) return kExitOk;
  err << "tymbal " << command << ": " << PrintableLines(status.message()) << '\n';
  return ExitCodeOf(status);
}

}  // namespace

int RunStatus(const std::string& conf, bool json, const Environment& environment, std::ostream& out,
              std::ostream& err) {
  ClusterStatus status;
  status.now_ms = WallTimeMs();
  const auto read = [&]() -> Status {
    TYMBAL_ASSIGN_OR_RETURN(const Config config, LoadClusterConfig(conf, environment));
    TYMBAL_ASSIGN_OR_RETURN(const auto client, ClusterClient::Connect(config, environment));
    TYMBAL_RETURN_IF_ERROR(ReadCluster(client.get(), &status));
    return ReadStore(config, &status);
  };
  const Status outcome = read();
  if (outcome.ok() && json) PrintJson(status, out);
  if (outcome.ok() && !json) PrintStatus(status, out);
  return Report("status", outcome, err);
}

int RunPause(const std::string& conf, bool paused, const std::string& reason,
             const Environment& environment, std::ostream& out, std::ostream& err) {
  const auto write = [&]() -> Status {
    TYMBAL_ASSIGN_OR_RETURN(const Config config, LoadClusterConfig(conf, environment));
    TYMBAL_ASSIGN_OR_RETURN(const auto client, ClusterClient::Connect(config, environment));
    const Control control{paused, reason, WallTimeMs()};
    return client->Await<Status>(
        [&](auto done) { client->coordinator().WriteControl(control, std::move(done)); });
  };
  const Status outcome = write();
  if (outcome.ok()) {
    out << (paused ? "Paused: the run that is on its way is finished, no other one is begun.\n"
                   : "Resumed: periods that were missed are computed now, oldest first.\n");
  }
  return Report(paused ? "pause" : "resume", outcome, err);
}

CLI::App* AddStatusCommand(CLI::App& root, int* exit_code) {
  CLI::App* const command = root.add_subcommand("status", "Say how a cluster is doing");
  const auto conf = std::make_shared<std::string>();  // These live as long as the callback.
  const auto json = std::make_shared<bool>(false);
  command->add_option("--conf", *conf, "Configuration file of its nodes")->required();
  command->add_flag("--json", *json, "Write JSON");
  command->callback([conf, json, exit_code] {
    *exit_code = RunStatus(*conf, *json, ProcessEnvironment(), std::cout, std::cerr);
  });
  return command;
}

void AddPauseCommands(CLI::App& root, int* exit_code) {
  const auto add = [&](const std::string& name, bool paused, const std::string& help) {
    CLI::App* const command = root.add_subcommand(name, help);
    const auto conf = std::make_shared<std::string>();  // These live as long as the callback.
    const auto reason = std::make_shared<std::string>();
    command->add_option("--conf", *conf, "Configuration file of its nodes")->required();
    if (paused) command->add_option("--reason", *reason, "Why, for whoever looks at the status");
    command->callback([conf, reason, paused, exit_code] {
      *exit_code = RunPause(*conf, paused, *reason, ProcessEnvironment(), std::cout, std::cerr);
    });
  };
  add("pause", true, "Let a cluster finish its run and begin no other");
  add("resume", false, "Let a paused cluster go on");
}

}  // namespace tymbal::cli
