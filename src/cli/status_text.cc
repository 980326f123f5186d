#include "cli/status_text.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

#include "common/text.h"
#include "common/time_text.h"

namespace tymbal::cli {
namespace {

constexpr size_t kPeriodsShown = 10;

std::string AgeOf(int64_t since_ms, int64_t now_ms) {
  const int64_t seconds = std::max<int64_t>(0, now_ms - since_ms) / 1000;
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7'200) return fmt::format("{} m", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h", seconds / 3'600);
  return fmt::format("{} d", seconds / 86'400);
}

void WriteSummary(const ClusterStatus& status, std::ostream& out) {
  const TimeZone utc = TimeZone::Utc();
  fmt::print(out, "time       {}\n", utc.FormatShort(status.now_ms / 1000 * 1000));
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
    fmt::print(out, "watermark  {}, {} behind; {} due\n", utc.FormatShort(*status.watermark_ms),
               AgeOf(*status.watermark_ms, status.now_ms),
               status.periods_due == 1 ? "1 period is"
                                       : fmt::format("{} periods are", status.periods_due));
  } else {
    fmt::print(out, "watermark  none: no cluster has worked on this store\n");
  }
  if (status.balance) {
    fmt::print(out, "balance    the heaviest of {} nodes read {:.2f} x the mean, {}\n",
               status.balance->nodes, status.balance->heaviest,
               utc.FormatShort(status.balance->period.start_ms));
  }
}

struct Share {
  size_t given = 0;
  size_t done = 0;
};

std::map<NodeId, Share> SharesOf(const ClusterStatus& status) {
  std::map<NodeId, Share> shares;
  for (const RunRecord& run : status.open_runs) {
    for (const FragmentRecord& fragment : run.fragments) {
      Share& share = shares[fragment.node];
      ++share.given;
      if (fragment.state == FragmentState::kDone) ++share.done;
    }
  }
  return shares;
}

void WriteNodes(const ClusterStatus& status, std::ostream& out) {
  constexpr const char* kRow = "{:<20} {:<20} {:<9} {:>8} {:>6} {:>6} {:>8} {:>10} {:>12}\n";
  std::map<NodeId, Share> shares = SharesOf(status);
  fmt::print(out, "\n");
  fmt::print(out, fmt::runtime(kRow), "node", "host", "version", "pid", "age", "heard", "running",
             "done", "spans read");
  for (const Member& member : status.members) {
    const Share share = shares[member.node];
    fmt::print(out, fmt::runtime(kRow), Printable(member.node.value), Printable(member.host),
               Printable(member.version), member.pid, AgeOf(member.joined_ms, status.now_ms),
               AgeOf(member.heard_ms, status.now_ms), member.running,
               fmt::format("{} of {}", share.done, share.given), member.spans_read);
  }
}

void WriteRun(const RunRecord& run, const ClusterStatus& status, std::ostream& out) {
  constexpr const char* kRow = "{:>8} {:>10} {:<20} {:>8} {:<9} {:>6}\n";
  const TimeZone utc = TimeZone::Utc();
  fmt::print(out, "\nrun {} of {} to {}, attempt {}, since {}\n", run.id.value,
             utc.FormatShort(run.period.start_ms), utc.FormatShort(run.period.end_ms), run.attempt,
             AgeOf(run.created_ms, status.now_ms));
  fmt::print(out, fmt::runtime(kRow), "fragment", "slots", "node", "token", "state", "age");
  for (const FragmentRecord& fragment : run.fragments) {
    const bool done = fragment.state == FragmentState::kDone;
    fmt::print(out, fmt::runtime(kRow), fragment.no,
               fmt::format("{}-{}", fragment.slots.from, fragment.slots.to),
               Printable(fragment.node.value), fragment.token.value, done ? "done" : "assigned",
               AgeOf(done ? fragment.done_ms : fragment.started_ms, status.now_ms));
  }
}

void WriteUnpublished(const ClusterStatus& status, std::ostream& out) {
  if (status.unpublished.empty()) return;
  fmt::print(out, "\nnot published\n");
  const size_t shown = std::min(status.unpublished.size(), kPeriodsShown);
  for (size_t i = 0; i < shown; ++i) {
    const PeriodLedger& period = status.unpublished[i];
    fmt::print(out, "  {}  {:<6}  attempt {}  {}\n",
               TimeZone::Utc().FormatShort(period.period.start_ms), RunStateName(period.state),
               period.attempt, Printable(period.reason));
  }
  if (status.unpublished.size() > shown) {
    fmt::print(out, "  and {} more\n", status.unpublished.size() - shown);
  }
}

}  // namespace

void WriteStatusText(const ClusterStatus& status, std::ostream& out) {
  WriteSummary(status, out);
  WriteNodes(status, out);
  for (const RunRecord& run : status.open_runs) WriteRun(run, status, out);
  WriteUnpublished(status, out);
  if (!status.warnings.empty()) fmt::print(out, "\n");
  for (const std::string& warning : status.warnings) {
    fmt::print(out, "warning: {}\n", Printable(warning));
  }
}

}  // namespace tymbal::cli
