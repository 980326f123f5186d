#pragma once

#include <cstdint>
#include <functional>

#include "common/ids.h"
#include "common/period.h"
#include "common/result_store.h"
#include "common/slot.h"
#include "common/status.h"

namespace tymbal::worker {

/// A fragment that is to be computed and committed.
struct FragmentWork {
  RunId run;
  Period period;
  uint32_t slot_count = kSlotsDefault;
  int32_t no = 0;
  SlotRange slots;
  Token token;
  bool operator==(const FragmentWork&) const = default;
};

/// Pulls a fragment's spans, aggregates them, commits the rows under the token: the heavy part of a
/// node, away from its loop. Thread: the loop's.
class FragmentExecutor {
 public:
  using Done = std::function<void(Result<CommitOutcome>)>;

  virtual ~FragmentExecutor() = default;

  /// Queues a fragment. `done` runs on the loop, exactly once, never before this returns. Errors:
  /// those of the source and the store; kFenced when the token is an old one; kUnavailable after
  /// Cancel().
  virtual void Start(const FragmentWork& work, Done done) = 0;

  /// Gives up what was started under this token, as soon as can be; what is being committed may
  /// still be committed. Unknown: does nothing.
  virtual void Cancel(RunId run, int32_t fragment_no, Token token) = 0;

  /// Says how many nodes work on the run now, this one included: they share what the source allows.
  virtual void SetNodes(uint32_t /*nodes*/) {}

  /// Returns how many spans were read since the start, a sign of life as long as it grows.
  virtual uint64_t spans_read() const = 0;
};

}  // namespace tymbal::worker
