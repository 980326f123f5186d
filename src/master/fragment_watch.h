#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/coordinator.h"
#include "common/result_store.h"

namespace tymbal::master {

struct FragmentWatchOptions {
  int64_t stall_timeout_ms = 120'000;
  int32_t attempts_max = 5;  ///< Failures of one fragment before its run fails.
  int64_t retry_ms = 1'000;  ///< Wait after its first failure; doubles with each.
  int64_t retry_max_ms = 60'000;
};

/// What is to be done with a fragment that isn't done.
enum class Verdict : uint8_t {
  kFine,       ///< Its owner works on it, or its next try isn't due.
  kOwnerGone,  ///< Its owner is no member any more.
  kStalled,    ///< Its owner has given no sign of life for `stall_timeout_ms`.
  kFailed,     ///< Its owner failed, and its next try is due.
  kGiveUp,     ///< It failed `attempts_max` times: so does the run.
};
std::string_view VerdictText(Verdict verdict);

/// Remembers, for the fragments of one run, when their owners last gave a sign of life and how
/// often they failed. It lives as long as a mastership: a new master gives everyone a fresh start.
/// All times are of one monotonic clock, in ms.
class FragmentWatch {
 public:
  explicit FragmentWatch(FragmentWatchOptions options) : options_(options) {}

  /// Takes in what is known now. Another run than before: forgets the former.
  void Observe(const RunRecord& run, const std::vector<Member>& members,
               const std::map<int32_t, Progress>& progress, int64_t now_ms);

  /// REQUIRES: `fragment` is one of the run that was observed last.
  Verdict Judge(const FragmentRecord& fragment, int64_t now_ms) const;

  /// Returns why a fragment failed the last time; empty: it never did.
  std::string Failure(int32_t fragment_no) const;

 private:
  struct Sign {
    std::string incarnation;
    uint64_t spans_read = 0;
    int64_t since_ms = 0;
  };
  struct Fragment {
    Token token;
    int64_t since_ms = 0;  // When the token was first seen.
    Token failed_token;
    int64_t failed_ms = 0;
    int32_t failures = 0;
    std::string failure;
  };

  FragmentWatchOptions options_;
  RunId run_;
  std::map<NodeId, Sign> signs_;  // Of the members.
  std::map<int32_t, Fragment> fragments_;
};

}  // namespace tymbal::master
