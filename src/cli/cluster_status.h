#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/cluster_client.h"
#include "common/config.h"
#include "common/coordinator.h"
#include "common/result_store.h"
#include "master/balance.h"

namespace tymbal::cli {

/// All that `tymbal status` says; one look, at `now_ms`.
struct ClusterStatus {
  int64_t now_ms = 0;  ///< Of the wall clock where the command runs.
  std::optional<MasterRecord> master;
  Epoch board_epoch;
  Control control;
  std::vector<Member> members;
  std::vector<RunRecord> open_runs;
  /// All periods before it are published; nothing: no cluster has worked on the store.
  std::optional<int64_t> watermark_ms;
  int64_t periods_due = 0;                 ///< That are due and not published.
  std::vector<PeriodLedger> unpublished;   ///< Those of them that the store knows: failed and open.
  std::optional<master::Balance> balance;  ///< Of the last published run.
  std::vector<std::string> warnings;
};

/// Reads what the store says of a job. `from_ms`: the watermark of an earlier look, if there was
/// one: what lies before isn't read again, unless the store was restored meanwhile. Sets the
/// watermark, the open runs and what is not published.
Status ReadStoreStatus(const Config& config, std::optional<int64_t> from_ms, ResultStore* store,
                       ClusterStatus* status);

/// Looks at a cluster once or again and again: its connections stay, and what was published at the
/// last look isn't read again. Thread: confined to one; calls block.
class ClusterWatcher {
 public:
  ClusterWatcher(Config config, Environment environment)
      : config_(std::move(config)), environment_(std::move(environment)) {}

  /// Errors: whatever keeps it from reading; the next call connects anew.
  Result<ClusterStatus> Look();

 private:
  Result<ClusterStatus> TryToLook();

  const Config config_;
  const Environment environment_;
  std::unique_ptr<ClusterClient> client_;
  std::unique_ptr<ResultStore> store_;
  std::optional<int64_t> watermark_ms_;
};

}  // namespace tymbal::cli
