#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/period.h"
#include "common/slot.h"
#include "common/status.h"

namespace tymbal {

/// A node that takes part. The incarnation is new at every start of the process.
struct Member {
  NodeId node;
  std::string incarnation;
  std::string host;
  std::string version;
  bool operator==(const Member&) const = default;
};

struct MasterRecord {
  NodeId node;
  std::string incarnation;
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

/// Who is alive, who is master, and a notice board for the task. A failure detector, never a
/// permission: what may be written is decided by epoch and token in the result store
/// (docs/architecture.md).
///
/// Every accepted call runs its callback exactly once, on the loop, never before the call returns.
/// Errors that all calls share: kUnavailable (not connected; nothing happened), kAmbiguous (the
/// connection broke: read before repeating), kFenced (the session is over: start anew).
/// Thread: the loop's.
class Coordinator {
 public:
  using Done = std::function<void(Status)>;
  template <typename T>
  using Reply = std::function<void(Result<T>)>;

  /// What may have changed. A hint says "look again" and nothing else: it may come late, twice or
  /// for no reason, and between two hints many things may have changed.
  enum class Topic : uint8_t { kMembers, kMaster, kTask, kProgress };

  class Listener {
   public:
    virtual ~Listener() = default;
    /// Connected, first or again: read everything that matters.
    virtual void OnLive() = 0;
    /// The connection is gone, the session perhaps not: start nothing that needs mastership.
    virtual void OnSuspended() = 0;
    /// The session is over, its membership and mastership with it. A new one begins by itself.
    virtual void OnExpired() = 0;
    virtual void OnHint(Topic topic) = 0;
  };

  virtual ~Coordinator() = default;

  /// Begins a session; `listener` hears of it and outlives the coordinator or Stop()'s callback.
  virtual void Start(Listener* listener) = 0;
  /// Ends the session: membership and mastership are gone when the callback runs.
  virtual void Stop(Done done) = 0;

  /// Makes this node a member for as long as the session lives.
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
  virtual void ClaimBoard(Epoch epoch, Done done) = 0;
  /// Replaces the task. Errors: kFenced when the board was claimed by a newer epoch.
  virtual void PublishTask(const Task& task, Done done) = 0;
  /// Returns the task, if there is one, and arms one hint.
  virtual void ReadTask(Reply<std::optional<Task>> reply) = 0;

  /// Says that a fragment was committed: a hint to look at the ledger.
  virtual void ReportProgress(RunId run, int32_t fragment_no, Token token, Done done) = 0;
  /// Returns the reported fragments of a run with their tokens, and arms one hint.
  virtual void ReadProgress(RunId run, Reply<std::map<int32_t, Token>> reply) = 0;
  /// Forgets the progress of a run.
  virtual void ClearProgress(RunId run, Done done) = 0;
};

}  // namespace tymbal
