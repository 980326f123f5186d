#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/status.h"

namespace tymbal {

struct SchemaState {
  int64_t version = 0;  ///< The last migration that was applied; 0: the store is empty.
  int64_t known = 0;    ///< The last one that this build has.
  std::string server;   ///< What holds the store, for people.
  /// What a person should change or know: each a sentence. Empty: all is well.
  std::vector<std::string> warnings;
};

struct RetainOptions {
  int64_t now_ms = 0;
  int64_t days = 90;     ///< Periods that began in the last so many whole days (UTC) stay.
  bool dry_run = false;  ///< Only says what would be done.
};

struct RetainReport {
  int64_t cutoff_ms = 0;  ///< Periods that begin before this go.
  std::string held_back;  ///< Why the cutoff is earlier than the days say; empty: it isn't.
  uint64_t runs = 0;      ///< Runs that go, with all their results.
  std::vector<std::string> partitions_dropped;
  std::vector<std::string> partitions_created;
};

inline constexpr int64_t kDayMs = 86'400'000;

/// Looks after the tables of a result store: for `tymbal schema` and for tests, not for nodes.
/// Thread: an object is confined to one. Calls block.
class SchemaAdmin {
 public:
  virtual ~SchemaAdmin() = default;

  /// Reads what is there and checks it, changing nothing.
  virtual Result<SchemaState> ReadState() = 0;
  /// Applies the migrations that are missing; returns how many. Errors: kInvalidArgument for a
  /// newer schema.
  virtual Result<int64_t> Migrate(int64_t now_ms) = 0;
  /// Deletes expired periods, in steps that others don't have to wait for long; may be repeated
  /// after any error. The last published period stays, and no open run goes: whatever begins after
  /// either stays as well.
  virtual Result<RetainReport> Retain(const RetainOptions& options) = 0;
};

/// What decides how far a retention may go.
struct RetainFacts {
  bool has_published = false;
  int64_t last_published_ms = 0;
  bool has_open = false;
  int64_t oldest_open_ms = 0;
};

/// Sets cutoff_ms and held_back. Days are those of UTC, so that they are those of the partitions.
void DecideCutoff(const RetainOptions& options, const RetainFacts& facts, RetainReport* report);

/// Returns the start of the UTC day that holds `time_ms`; correct before 1970 as well.
int64_t DayStart(int64_t time_ms);

}  // namespace tymbal
