#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/coverage.h"
#include "common/endpoint_stat.h"
#include "common/ids.h"
#include "common/period.h"
#include "common/row_feed.h"
#include "common/slot.h"
#include "common/sort_key.h"
#include "common/status.h"

namespace tymbal {

enum class RunState : uint8_t { kOpen = 0, kPublished = 1, kSuperseded = 2, kFailed = 3 };
enum class FragmentState : uint8_t { kAssigned = 0, kDone = 1 };

std::string_view RunStateName(RunState state);

/// Which spans a run counts, and how: two runs with the same `fingerprint` and `settings` have the
/// same results.
struct RunInput {
  /// Identity of the set of spans, independent of their order and of file names; opaque, may be
  /// empty where the source can't tell.
  std::string fingerprint;
  /// What else decides the numbers: apdex thresholds, K, span filter; for people as well.
  std::string settings;
  /// Where the spans came from, for people: file names, an index.
  std::string source;
  /// Rejected records of the source that have no usable start, so that no period owns them.
  uint64_t unplaced = 0;

  bool operator==(const RunInput&) const = default;
};

struct FragmentPlan {
  SlotRange slots;
  NodeId node;
};

/// What a master decides before a run starts. The fragments tile [0, slots) in order (I2).
struct RunPlan {
  Period period;
  uint32_t slots = kSlotsDefault;
  RunInput input;
  std::vector<FragmentPlan> fragments;
};

/// A row of the ledger.
struct FragmentRecord {
  int32_t no = 0;
  SlotRange slots;
  NodeId node;
  Token token;
  FragmentState state = FragmentState::kAssigned;
  int64_t started_ms = 0;  ///< When it was given to `node`.
  int64_t done_ms = 0;     ///< 0 until it is done.
  Coverage coverage;       ///< Set when done.
  uint64_t rows = 0;       ///< Result rows of the fragment; set when done.
};

struct RunRecord {
  RunId id;
  Period period;
  int32_t attempt = 0;  ///< 1 for the first run of a period.
  Epoch epoch;          ///< The mastership that planned it.
  RunState state = RunState::kOpen;
  std::string reason;  ///< Why it failed.
  uint32_t slots = kSlotsDefault;
  RunInput input;
  int64_t created_ms = 0;
  int64_t published_ms = 0;  ///< 0 until it is published.
  std::vector<FragmentRecord> fragments;
};

/// What the ledger has of a period: the run that counts for it, which is the published one, else
/// the open one, else the last failed one.
struct PeriodLedger {
  Period period;
  RunId run;
  int32_t attempt = 0;
  RunState state = RunState::kOpen;
  std::string reason;  ///< Why it failed.
  int64_t created_ms = 0;
  int64_t published_ms = 0;  ///< 0 until it is published.
};

/// All that a worker has to say about a fragment, committed in one transaction.
struct FragmentCommit {
  RunId run;
  int32_t fragment_no = 0;
  Token token;
  Coverage coverage;
  /// In ascending order of endpoint_id, each once, all of Level::kMethod. Visited within the
  /// transaction, by a store that tries again more than once: what feeds them must be quick, and
  /// not use the store.
  RowFeed rows = {};
  /// RunInput::unplaced of the run, from that one of its fragments which knows it only now.
  std::optional<uint64_t> unplaced = std::nullopt;
};

enum class CommitOutcome {
  kCommitted,
  kAlreadyCommitted,  ///< The same token had committed before: an earlier reply was lost.
};

/// The place of a method among those of its run.
struct RankedMethod {
  SortKey key = SortKey::kP99;  ///< By which number.
  int64_t rank = 0;             ///< From 1.
  uint64_t endpoint_id = 0;
};

/// What follows from the method rows of a run; it is written when the run is published.
struct Publication {
  std::vector<StatRow> rollup_rows = {};  ///< The services and apps.
  /// The first methods by each number (common/method_ranking.h): of all the run's methods, or
  /// nothing, and then reports read all of its rows.
  std::vector<RankedMethod> ranking = {};
};

/// Holds the results, and the ledger that decides what counts (docs/architecture.md). Whatever
/// ZooKeeper or a clock says, only what this port accepts has happened: I1 to I5 rest on it.
///
/// Every call is one transaction and may be repeated: it either has its effect once or says why
/// not. Errors that all calls share: kFenced (a newer epoch or token exists), kUnavailable (nothing
/// happened), kAmbiguous (ask again), kExhausted (disk full, too big), kInternal.
/// Thread: an object is confined to one thread; open one per thread. Calls block.
class ResultStore {
 public:
  virtual ~ResultStore() = default;

  /// Issues the next epoch, which is greater than `above` as well: a store that was restored from a
  /// backup may have forgotten what others have seen. From now on every older one is fenced.
  virtual Result<Epoch> TakeEpoch(const NodeId& holder, Epoch above) = 0;
  Result<Epoch> TakeEpoch(const NodeId& holder) { return TakeEpoch(holder, Epoch{0}); }

  /// Writes a new open run with its fragments and their first tokens. The attempt is one more than
  /// the last of this period. Errors: kConflict when the period has an open run already, or
  /// overlaps an open or published period with other bounds (a store holds one period length).
  virtual Result<RunRecord> PlanRun(Epoch epoch, const RunPlan& plan) = 0;

  /// Gives a fragment that isn't done to `node` and returns its new token; the old one is fenced.
  /// Errors: kConflict when the fragment is done or the run isn't open.
  virtual Result<Token> HandOver(Epoch epoch, RunId run, int32_t fragment_no,
                                 const NodeId& node) = 0;

  /// Writes a fragment's rows and marks it done. Errors: kFenced when the ledger has another token
  /// or the run isn't open; kInternal when two endpoints share an id (never merged).
  virtual Result<CommitOutcome> CommitFragment(const FragmentCommit& commit) = 0;

  /// Calls `visit` for each method row of a run in ascending order of endpoint_id, without
  /// `slowest`; stops at its first error and returns that.
  virtual Status VisitMethodRows(RunId run, const std::function<Status(const StatRow&)>& visit) = 0;

  /// Writes the publication, publishes the run, and supersedes the run that was published for this
  /// period before. Published already: does nothing. Errors: kConflict when a fragment isn't done
  /// or the run has failed or been superseded.
  virtual Status PublishRun(Epoch epoch, RunId run, const Publication& publication) = 0;

  /// Ends an open run without results. Failed already: does nothing.
  virtual Status FailRun(Epoch epoch, RunId run, std::string_view reason) = 0;

  /// Deletes the result rows of a superseded or failed run; its ledger rows stay. Errors: kConflict
  /// when the run is open or published.
  virtual Status PurgeRun(RunId run) = 0;

  /// Returns the start of the first period that a cluster computes on this store: what the first
  /// call proposed, or where retention has moved it since.
  virtual Result<int64_t> FixFirstPeriod(Epoch epoch, int64_t proposed_start_ms) = 0;
  /// Returns the same; nothing where no cluster has worked on this store.
  virtual Result<std::optional<int64_t>> ReadFirstPeriod() = 0;

  /// Returns what the ledger has of the periods that start at `from_ms` or later: oldest first, at
  /// most `limit`. Periods without a run are left out.
  virtual Result<std::vector<PeriodLedger>> ReadLedger(int64_t from_ms, size_t limit) = 0;

  virtual Result<RunRecord> ReadRun(RunId run) = 0;
  /// Returns the open runs, oldest period first.
  virtual Result<std::vector<RunRecord>> ReadOpenRuns() = 0;
  /// Returns the published run of the period that starts at `start_ms`, if there is one.
  virtual Result<std::optional<RunRecord>> ReadPublishedRun(int64_t start_ms) = 0;
};

}  // namespace tymbal
