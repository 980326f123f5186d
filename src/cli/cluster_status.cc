#include "cli/cluster_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "cli/open_store.h"
#include "common/period.h"
#include "master/member_check.h"
#include "master/read_ledger.h"
#include "master/schedule.h"

namespace tymbal::cli {
namespace {

/// Returns how many periods from the watermark on are due and not published.
int64_t CountDue(const master::ScheduleOptions& options, int64_t watermark_ms,
                 const std::vector<PeriodLedger>& ledger, int64_t now_ms) {
  const int64_t length_ms = options.grid.length_ms();
  const int64_t end_ms = master::LastDueStart(options, now_ms) + length_ms;
  const auto published = std::count_if(ledger.begin(), ledger.end(), [&](const auto& period) {
    return period.state == RunState::kPublished && period.period.start_ms >= watermark_ms &&
           period.period.start_ms < end_ms;
  });
  return std::max<int64_t>(0, (end_ms - watermark_ms) / length_ms - published);
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
    status->warnings.emplace_back("no node is there");
  } else if (!status->master) {
    status->warnings.emplace_back("nobody is master");
  }
  return Status::Ok();
}

/// How evenly the last published run was shared: it may lie before what was read of the ledger.
Status ReadBalance(ResultStore* store, const std::vector<PeriodLedger>& ledger, int64_t before_ms,
                   ClusterStatus* status) {
  const auto last = std::find_if(ledger.rbegin(), ledger.rend(), [](const PeriodLedger& period) {
    return period.state == RunState::kPublished;
  });
  std::optional<RunRecord> run;
  if (last != ledger.rend()) {
    TYMBAL_ASSIGN_OR_RETURN(run, store->ReadRun(last->run));
  } else {
    TYMBAL_ASSIGN_OR_RETURN(run, store->ReadPublishedRun(before_ms));
  }
  if (!run) return Status::Ok();
  status->balance = master::BalanceOf(*run);
  if (!status->balance || !status->balance->heavy) return Status::Ok();
  const master::HeavySlot& heavy = *status->balance->heavy;
  status->warnings.push_back(
      fmt::format("slot {} alone has {} of {} spans, more than the share of one of {} nodes: "
                  "further nodes make the runs no faster",
                  heavy.slot, heavy.weight, heavy.total, status->balance->nodes));
  return Status::Ok();
}

}  // namespace

Status ReadStoreStatus(const Config& config, std::optional<int64_t> from_ms, ResultStore* store,
                       ClusterStatus* status) {
  TYMBAL_ASSIGN_OR_RETURN(status->open_runs, store->ReadOpenRuns());
  TYMBAL_ASSIGN_OR_RETURN(const std::optional<int64_t> first_ms, store->ReadFirstPeriod());
  if (!first_ms) return Status::Ok();
  TYMBAL_ASSIGN_OR_RETURN(const PeriodGrid grid,
                          PeriodGrid::Create(config.period_length_ms, config.period_offset_ms));
  const master::ScheduleOptions schedule{.grid = grid,
                                         .delay_ms = config.schedule_delay_ms,
                                         .retry_ms = config.schedule_retry_failed_ms};
  int64_t begin_ms = master::FirstWholePeriod(grid, *first_ms);
  std::optional<std::vector<PeriodLedger>> ledger;
  if (from_ms && *from_ms > begin_ms) {
    TYMBAL_ASSIGN_OR_RETURN(ledger, master::ReadLedgerAfter(store, grid, *from_ms));
    if (ledger) begin_ms = *from_ms;
  }
  if (!ledger) {
    TYMBAL_ASSIGN_OR_RETURN(ledger, master::ReadWholeLedger(store, begin_ms));
  }
  status->watermark_ms =
      master::LookAtSchedule(schedule, begin_ms, *ledger, status->now_ms).watermark_ms;
  status->periods_due = CountDue(schedule, *status->watermark_ms, *ledger, status->now_ms);
  for (const PeriodLedger& period : *ledger) {
    if (period.state != RunState::kPublished) status->unpublished.push_back(period);
  }
  return ReadBalance(store, *ledger, begin_ms - grid.length_ms(), status);
}

Result<ClusterStatus> ClusterWatcher::Look() {
  Result<ClusterStatus> status = TryToLook();
  if (status) {
    watermark_ms_ = status->watermark_ms;
  } else {
    client_ = nullptr;
    store_ = nullptr;
    watermark_ms_.reset();  // It may be another store by then, such as one from a backup.
  }
  return status;
}

Result<ClusterStatus> ClusterWatcher::TryToLook() {
  if (client_ == nullptr) {
    TYMBAL_ASSIGN_OR_RETURN(client_, ClusterClient::Connect(config_, environment_));
  }
  if (store_ == nullptr) {
    TYMBAL_ASSIGN_OR_RETURN(store_, OpenResultStore(config_.store, /*create=*/false));
  }
  ClusterStatus status;
  status.now_ms = WallTimeMs();
  TYMBAL_RETURN_IF_ERROR(ReadCluster(client_.get(), &status));
  TYMBAL_RETURN_IF_ERROR(ReadStoreStatus(config_, watermark_ms_, store_.get(), &status));
  return status;
}

}  // namespace tymbal::cli
