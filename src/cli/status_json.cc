#include "cli/status_json.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/text.h"
#include "master/member_check.h"

namespace tymbal::cli {
namespace {

template <typename T, typename Write>
std::string List(const std::vector<T>& list, Write write) {
  std::string text = "[";
  for (const T& item : list) {
    if (text.size() > 1) text += ',';
    text += write(item);
  }
  return text + ']';
}

std::string MasterJson(const MasterRecord& master) {
  return fmt::format(R"({{"node":{},"epoch":{},"since_ms":{}}})", JsonQuote(master.node.value),
                     master.epoch.value, master.since_ms);
}

std::string NodeJson(const Member& member) {
  return fmt::format(R"({{"node":{},"host":{},"version":{},"pid":{},"joined_ms":{},"heard_ms":{},)"
                     R"("running":{},"spans_read":{},"clock_ahead_ms":{}}})",
                     JsonQuote(member.node.value), JsonQuote(member.host),
                     JsonQuote(member.version), member.pid, member.joined_ms, member.heard_ms,
                     member.running, member.spans_read, master::ClockAheadMs(member));
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
  return fmt::format(
      R"({{"run":{},"start_ms":{},"end_ms":{},"attempt":{},"epoch":{},"created_ms":{},)"
      R"("fragments":{}}})",
      run.id.value, run.period.start_ms, run.period.end_ms, run.attempt, run.epoch.value,
      run.created_ms, List(run.fragments, FragmentJson));
}

std::string PeriodJson(const PeriodLedger& period) {
  return fmt::format(R"({{"start_ms":{},"end_ms":{},"state":"{}","attempt":{},"reason":{}}})",
                     period.period.start_ms, period.period.end_ms, RunStateName(period.state),
                     period.attempt, JsonQuote(period.reason));
}

}  // namespace

void WriteStatusJson(const ClusterStatus& status, std::ostream& out) {
  fmt::print(out, "{{\"now_ms\":{},\"master\":{},\"epoch\":{}", status.now_ms,
             status.master ? MasterJson(*status.master) : "null", status.board_epoch.value);
  fmt::print(out, ",\"paused\":{},\"reason\":{},\"paused_since_ms\":{}", status.control.paused,
             JsonQuote(status.control.reason),
             status.control.paused ? fmt::to_string(status.control.since_ms) : "null");
  fmt::print(out, ",\"watermark_ms\":{},\"lag_ms\":{},\"periods_due\":{}",
             status.watermark_ms ? fmt::to_string(*status.watermark_ms) : "null",
             status.watermark_ms ? fmt::to_string(status.now_ms - *status.watermark_ms) : "null",
             status.periods_due);
  if (status.balance) {
    const master::Balance& balance = *status.balance;
    fmt::print(out,
               R"(,"balance":{{"start_ms":{},"spans":{},"nodes":{},"heaviest":{:.4f},"slot":{}}})",
               balance.period.start_ms, balance.spans, balance.nodes, balance.heaviest,
               balance.heavy ? fmt::to_string(balance.heavy->slot) : "null");
  } else {
    fmt::print(out, ",\"balance\":null");
  }
  fmt::print(out, ",\n\"nodes\":{},\n\"runs\":{},\n\"unpublished\":{},\n\"warnings\":{}}}\n",
             List(status.members, NodeJson), List(status.open_runs, RunJson),
             List(status.unpublished, PeriodJson),
             List(status.warnings, [](const std::string& text) { return JsonQuote(text); }));
}

}  // namespace tymbal::cli
