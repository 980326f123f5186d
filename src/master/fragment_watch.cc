#include "master/fragment_watch.h"

#include <algorithm>

namespace tymbal::master {

std::string_view VerdictText(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFine:
      return "fine";
    case Verdict::kOwnerGone:
      return "its node is gone";
    case Verdict::kStalled:
      return "its node gives no sign of progress";
    case Verdict::kFailed:
      return "it failed there";
    case Verdict::kGiveUp:
      return "it failed too often";
  }
  return "?";
}

void FragmentWatch::Observe(const RunRecord& run, const std::vector<Member>& members,
                            const std::map<int32_t, Progress>& progress, int64_t now_ms) {
  if (run.id != run_) {
    run_ = run.id;
    fragments_.clear();
  }
  std::map<NodeId, Sign> signs;
  for (const Member& member : members) {
    const Sign sign{member.incarnation, member.spans_read, now_ms};
    const auto known = signs_.find(member.node);
    const bool same = known != signs_.end() && known->second.incarnation == sign.incarnation &&
                      known->second.spans_read == sign.spans_read;
    signs.emplace(member.node, same ? known->second : sign);
  }
  signs_ = std::move(signs);
  for (const FragmentRecord& record : run.fragments) {
    Fragment& fragment = fragments_[record.no];
    if (fragment.token != record.token) {
      fragment.token = record.token;
      fragment.since_ms = now_ms;
    }
    const auto said = progress.find(record.no);
    if (said == progress.end() || said->second.failure.empty()) continue;
    if (said->second.token != record.token || fragment.failed_token == record.token) continue;
    fragment.failed_token = record.token;
    fragment.failed_ms = now_ms;
    fragment.failure = said->second.failure;
    ++fragment.failures;
  }
}

Verdict FragmentWatch::Judge(const FragmentRecord& record, int64_t now_ms) const {
  if (record.state == FragmentState::kDone) return Verdict::kFine;
  const Fragment& fragment = fragments_.at(record.no);
  if (fragment.failures >= options_.attempts_max) return Verdict::kGiveUp;
  const auto sign = signs_.find(record.node);
  if (sign == signs_.end()) return Verdict::kOwnerGone;
  if (fragment.failed_token == record.token) {
    const int doublings = std::min(fragment.failures - 1, 16);
    const int64_t wait_ms = std::min(options_.retry_ms << doublings, options_.retry_max_ms);
    return now_ms - fragment.failed_ms >= wait_ms ? Verdict::kFailed : Verdict::kFine;
  }
  const int64_t alive_ms = std::max(sign->second.since_ms, fragment.since_ms);
  return now_ms - alive_ms > options_.stall_timeout_ms ? Verdict::kStalled : Verdict::kFine;
}

std::string FragmentWatch::Failure(int32_t fragment_no) const {
  const auto found = fragments_.find(fragment_no);
  return found == fragments_.end() ? "" : found->second.failure;
}

}  // namespace tymbal::master
