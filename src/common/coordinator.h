#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/period.h"
#include "common/slot.h"
#include "common/status.h"

namespace tymbal {

/// A node that takes part. The incarnation is new at every start of the process.
struct Member {
  NodeId node;
  std::string incarnation = {};
  std::string host = {};     ///< Name of its machine, for people.
  std::string machine = {};  ///< Tells its machine from others, whatever its name; empty: unknown.
  std::string version = {};
  int64_t pid = 0;
  uint32_t parallelism = 1;  ///< Fragments that it computes at a time.
  std::string http = {};     ///< "host:port" of its HTTP service; empty: it has none.
  int64_t clock_ms = 0;      ///< The node's wall clock when it said this, ms since the UTC epoch.
  /// The coordinator's clock at that moment, set by ReadMembers; 0 where it has none. The clocks of
  /// two nodes differ as their `clock_ms - heard_ms` do.
  int64_t heard_ms = 0;
  int64_t joined_ms = 0;    ///< When its membership began, by the same clock; set alike.
  uint32_t running = 0;     ///< Fragments that it has begun and not ended.
  uint64_t spans_read = 0;  ///< Since its start: a sign of life as long as it grows.
  bool operator==(const Member&) const = default;
};

struct MasterRecord {
  NodeId node;
  std::string incarnation = {};
  Epoch epoch = {};      ///< 0 until it has claimed the board.
  int64_t since_ms = 0;  ///< When it became master, by its own wall clock.
  bool operator==(const MasterRecord&) const = default;
};

struct TaskFragment {
  int32_t no = 0;
  SlotRange slots;
  NodeId node;
  Token token;
  bool operator==(const TaskFragment&) const = default;
};

/// What the master asks the nodes to do: one run, its fragments and their owners.
struct Task {
  Epoch epoch;
  RunId run;
  Period period;
  uint32_t slots = kSlotsDefault;
  std::vector<TaskFragment> fragments;
  bool operator==(const Task&) const = default;
};

/// How a fragment ended, in the words of the node that had it.
struct Progress {
  Token token;
  std::string failure = {};  ///< Why it failed; empty: it was committed.
  bool operator==(const Progress&) const = default;
};

/// The operator's switch.
struct Control {
  bool paused = false;      ///< The running run is finished, no other one is planned.
  std::string reason = {};  ///< For people.
  int64_t since_ms = 0;     ///< When it was switched, by the clock of whoever did.
  bool operator==(const Control&) const = default;
};

/// Who is alive, who is master, and a notice board for the task. A failure detector, never a
/// permission: what may be written is decided by epoch and token in the result store
/// (docs/architecture.md).
///
/// Every accepted call runs its callback exactly once, on the loop, never before the call returns.
/// Errors that all calls share: kUnavailable (not connected; nothing happened), kAmbiguous (the
/// connection broke: read before repeating), kFenced (the session is over: a new one begins by
/// itself), kExhausted (what was to be written is too big; nothing was sent), kInvalidArgument (who
/// we are is not accepted, or rights are missing: a person must act), kInternal (what was read
/// isn't ours or is damaged). Thread: the loop's.
class Coordinator {
 public:
  using Done = std::function<void(Status)>;
  template <typename T>
  using Reply = std::function<void(Result<T>)>;

  /// What may have changed. A hint says "look again" and nothing else: it may come late, twice or
  /// for no reason, and between two hints many things may have changed.
  enum class Topic : uint8_t { kMembers, kMaster, kTask, kProgress, kControl };

  class Listener {
   public:
    virtual ~Listener() = default;
    /// Connected, first or again: read everything that matters.
    virtual void OnLive() = 0;
    /// The connection is gone, the session perhaps not: start nothing that needs mastership.
    virtual void OnSuspended() = 0;
    /// The session is over, its membership and mastership with it. A new one begins by itself.
    virtual void OnExpired() = 0;
    /// The coordinator can't be used until a person acts, for instance because it refuses our
    /// credentials. Nothing follows.
    virtual void OnFailed(const Status& reason) = 0;
    virtual void OnHint(Topic topic) = 0;
  };

  virtual ~Coordinator() = default;

  /// Begins a session; `listener` hears of it and outlives the coordinator or Stop()'s callback.
  virtual void Start(Listener* listener) = 0;
  /// Ends the session: membership and mastership are gone when the callback runs.
  virtual void Stop(Done done) = 0;

  /// Makes this node a member for as long as the session lives. Calling it again replaces what is
  /// known about the node, without a hint.
  /// Errors: kConflict, naming its host and pid, while another incarnation is registered under the
  /// same node id: an earlier one of ourselves, whose session ends soon, or a second node.
  virtual void Join(const Member& self, Done done) = 0;
  /// Returns the members by node id, and arms one hint.
  virtual void ReadMembers(Reply<std::vector<Member>> reply) = 0;

  /// Becomes master if nobody is; replies with who is master now. Calling it again is harmless.
  virtual void Campaign(const MasterRecord& self, Reply<MasterRecord> reply) = 0;
  /// Returns the master, if there is one, and arms one hint.
  virtual void ReadMaster(Reply<std::optional<MasterRecord>> reply) = 0;
  /// Gives mastership up. Not master: does nothing.
  virtual void Resign(Done done) = 0;

  /// Writes the epoch of a new mastership; from now on publishing under an older one is kFenced.
  /// REQUIRES: Campaign() made this node master. Errors: kFenced when it isn't any more, or the
  /// board was claimed by an epoch that isn't older; the same epoch of ours again is fine.
  virtual void ClaimBoard(Epoch epoch, Done done) = 0;
  /// Returns the epoch that the board was claimed by last; 0: none.
  virtual void ReadBoardEpoch(Reply<Epoch> reply) = 0;
  /// Replaces the task. Errors: kFenced when the board was claimed by a newer epoch.
  virtual void PublishTask(const Task& task, Done done) = 0;
  /// Returns the task, if there is one, and arms one hint.
  virtual void ReadTask(Reply<std::optional<Task>> reply) = 0;

  /// Says how a fragment ended: a hint to look at the ledger. Replaces what was said before, unless
  /// that was said under a newer token: then it does nothing.
  virtual void ReportProgress(RunId run, int32_t fragment_no, const Progress& progress,
                              Done done) = 0;
  /// Returns what was said about the fragments of a run that are `wanted`, by number, and arms one
  /// hint, whichever fragment it will be about. `wanted` may be asked before and after the return.
  using Wanted = std::function<bool(int32_t fragment_no)>;
  virtual void ReadProgress(RunId run, Wanted wanted, Reply<std::map<int32_t, Progress>> reply) = 0;
  void ReadProgress(RunId run, Reply<std::map<int32_t, Progress>> reply) {
    ReadProgress(
        run, [](int32_t) { return true; }, std::move(reply));
  }
  /// Forgets the progress of all runs but `keep`. Calling it again is harmless.
  virtual void ClearProgress(std::optional<RunId> keep, Done done) = 0;

  /// Returns the operator's switch, off when it was never used, and arms one hint.
  virtual void ReadControl(Reply<Control> reply) = 0;
  virtual void WriteControl(const Control& control, Done done) = 0;
};

}  // namespace tymbal
