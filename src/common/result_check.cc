#include "common/result_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "common/check.h"
#include "common/text.h"

namespace tymbal {
namespace {

/// How much of a name an error shows.
constexpr size_t kShownBytes = 200;

std::string Quote(std::string_view name) {
  if (name.size() <= kShownBytes) return JsonQuote(name);
  return fmt::format("{}... ({} bytes)", JsonQuote(name.substr(0, kShownBytes)), name.size());
}

bool Ascending(const EndpointStat& stat) {
  return stat.min_us <= stat.percentile_us.front() &&
         std::is_sorted(stat.percentile_us.begin(), stat.percentile_us.end()) &&
         stat.percentile_us.back() <= stat.max_us;
}

/// Every other number of a row is bounded by one of these: see CheckStat.
bool Storable(const StatRow& row) {
  const auto fits = [](const SlowCall& call) { return call.duration_us <= kStoredMax; };
  return row.stat.calls <= kStoredMax && row.stat.duration_sum_us <= kStoredMax &&
         row.stat.max_us <= kStoredMax && std::isfinite(row.stat.duration_sumsq) &&
         std::all_of(row.slowest.begin(), row.slowest.end(), fits);
}

Status CheckStat(const StatRow& row) {
  const EndpointStat& stat = row.stat;
  if (!Storable(row)) {
    return Internal(fmt::format("a value of {} is larger than a result store can hold",
                                Describe(row.level, row.name)));
  }
  // One by one: their sum could wrap around.
  uint64_t left = stat.calls;
  bool counts_fit = stat.calls > 0;
  for (const uint64_t part : {stat.errors, stat.satisfied, stat.tolerating}) {
    counts_fit = counts_fit && part <= left;
    if (counts_fit) left -= part;
  }
  if (!counts_fit) {
    return Internal(fmt::format(
        "{} has {} calls, of them {} errors, {} satisfied, {} tolerating: that can't be",
        Describe(row.level, row.name), stat.calls, stat.errors, stat.satisfied, stat.tolerating));
  }
  if (!Ascending(stat)) {
    return Internal(fmt::format("minimum, percentiles and maximum of {} do not ascend",
                                Describe(row.level, row.name)));
  }
  // Reports look for the slowest calls of all among those of the methods with the largest maximum.
  if (!row.slowest.empty() && row.slowest.front().duration_us != stat.max_us) {
    return Internal(fmt::format("the slowest call of {} does not take its maximum",
                                Describe(row.level, row.name)));
  }
  for (const std::string* name : {&row.name.app, &row.name.service, &row.name.method}) {
    if (name->size() > kNameBytesMax) {
      return Internal(fmt::format("a name of {} has more than {} bytes",
                                  Describe(row.level, row.name), kNameBytesMax));
    }
  }
  return Status::Ok();
}

Status CheckLevel(const StatRow& row) {
  const bool fits =
      row.level == Level::kService
          ? row.name.method.empty()
          : row.level == Level::kApp && row.name.service.empty() && row.name.method.empty();
  if (fits && row.slowest.empty()) return Status::Ok();
  return Internal(Describe(row.level, row.name) + " is no row of a service or app");
}

Status RepeatError(const StatRow& a, const StatRow& b) {
  if (a.level != b.level || a.name != b.name) return CollisionError(a, b.level, b.name);
  return Internal(Describe(a.level, a.name) + " stands twice among the rows");
}

/// Checks a row of a commit, which follows `previous` (null: it is the first).
Status CheckNext(const StatRow& row, const StatRow* previous, uint64_t calls_left) {
  if (row.level != Level::kMethod) {
    return Internal(Describe(row.level, row.name) + " is no row of a method");
  }
  TYMBAL_RETURN_IF_ERROR(CheckStat(row));
  if (previous != nullptr && row.endpoint_id == previous->endpoint_id) {
    return RepeatError(*previous, row);
  }
  if (previous != nullptr && row.endpoint_id < previous->endpoint_id) {
    return Internal("the rows of a commit do not ascend by endpoint_id at " +
                    Describe(row.level, row.name));
  }
  if (row.stat.calls > calls_left) {
    return Internal("the fragment's calls are too many to be stored, with " +
                    Describe(row.level, row.name));
  }
  return Status::Ok();
}

}  // namespace

Status CheckPlan(const RunPlan& plan) {
  if (plan.period.start_ms >= plan.period.end_ms) return Internal("the plan's period is empty");
  if (plan.input.unplaced > kStoredMax) return Internal("the plan's unplaced count is too large");
  uint32_t next = 0;
  bool tiles = true;
  for (const FragmentPlan& fragment : plan.fragments) {
    tiles = tiles && fragment.slots.from == next && fragment.slots.to > next;
    if (tiles) next = fragment.slots.to;
  }
  if (tiles && next == plan.slots && next > 0) return Status::Ok();
  return Internal(fmt::format(
      "the plan's fragments do not tile the slots [0, {}); slot {} is wrong", plan.slots, next));
}

Status CheckCommit(const FragmentCommit& commit) {
  TYMBAL_CHECK(static_cast<bool>(commit.rows), "a commit without rows");
  const Coverage& coverage = commit.coverage;
  uint64_t left = kStoredMax;
  for (const uint64_t rejected : coverage.rejected.by_reason) {
    if (rejected > left) return Internal("the fragment's coverage is too large to be stored");
    left -= rejected;
  }
  if (coverage.expected > kStoredMax || coverage.read > kStoredMax) {
    return Internal("the fragment's coverage is too large to be stored");
  }
  return Status::Ok();
}

Result<CommitTotals> WriteChecked(const FragmentCommit& commit, const RowFeed::Take& write) {
  CommitTotals totals;
  StatRow last;  // Of the rows before: its id and name.
  const Status status = commit.rows.Visit([&](std::span<const StatRow> rows) -> Status {
    const StatRow* previous = totals.rows > 0 ? &last : nullptr;
    for (const StatRow& row : rows) {
      TYMBAL_RETURN_IF_ERROR(CheckNext(row, previous, kStoredMax - totals.calls));
      totals.calls += row.stat.calls;
      ++totals.rows;
      previous = &row;
    }
    if (rows.empty()) return Status::Ok();
    last.level = previous->level;
    last.name = previous->name;
    last.endpoint_id = previous->endpoint_id;
    return write(rows);
  });
  if (!status.ok()) return status;
  return totals;
}

Status CheckRollup(const std::vector<StatRow>& rows) {
  std::vector<const StatRow*> sorted;
  sorted.reserve(rows.size());
  for (const StatRow& row : rows) {
    TYMBAL_RETURN_IF_ERROR(CheckLevel(row));
    TYMBAL_RETURN_IF_ERROR(CheckStat(row));
    sorted.push_back(&row);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const StatRow* a, const StatRow* b) { return a->endpoint_id < b->endpoint_id; });
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i - 1]->endpoint_id == sorted[i]->endpoint_id) {
      return RepeatError(*sorted[i - 1], *sorted[i]);
    }
  }
  return Status::Ok();
}

std::string Describe(Level level, const EndpointName& name) {
  return fmt::format("{} {} {} {}", LevelName(level), Quote(name.app), Quote(name.service),
                     Quote(name.method));
}

Status CollisionError(const StatRow& row, Level other_level, const EndpointName& other) {
  return Internal(fmt::format("{} and {} have the same endpoint_id {:016x}; they are not merged",
                              Describe(row.level, row.name), Describe(other_level, other),
                              row.endpoint_id));
}

}  // namespace tymbal
