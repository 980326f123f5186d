#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/result_store.h"

namespace tymbal::chaos {

/// What must never be seen.
enum class Violation : uint8_t {
  kCommittedTwice,   ///< I3
  kLostCommit,       ///< A commit was acknowledged, and the ledger knows nothing of it.
  kForeignRows,      ///< I4: rows of a token, or of an attempt, that the ledger refused.
  kWrongNumbers,     ///< I1
  kHalfPublished,    ///< I5: reports showed a run that wasn't whole, or that changed.
  kOldEpoch,         ///< I4: an old master changed something.
  kBrokenLedger,     ///< An epoch or token that didn't grow, a transition that doesn't exist.
  kUnexpectedError,  ///< An error that none of the faults explains.
  kStuck,            ///< I7
};
std::string_view ViolationName(Violation violation);

/// One call of CommitFragment.
struct CommitCall {
  RunId run;
  int32_t fragment_no = 0;
  Token token;
  std::string mark;  ///< In the histogram of its rows.
  bool committed = false;
  bool already_committed = false;
  StatusCode code = StatusCode::kOk;
};

/// What the threads of a run saw, and what the checker found. Thread: any.
class History {
 public:
  void AddCommit(CommitCall call);
  void AddViolation(Violation violation, std::string text);
  void Count(std::string_view what);

  std::vector<CommitCall> commits() const;
  bool Has(Violation violation) const;
  bool clean() const;
  /// For people: what was found, the first few of each kind.
  std::string Findings() const;
  /// For people: what happened.
  std::string Summary() const;

 private:
  mutable std::mutex mutex_;
  std::vector<CommitCall> commits_;
  std::map<Violation, std::vector<std::string>> violations_;
  std::map<std::string, int64_t, std::less<>> counts_;
};

}  // namespace tymbal::chaos
