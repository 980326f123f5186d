#include "report/scope.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

namespace tymbal::report {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kDayMs = 24 * kHourMs;

using ReadPeriods =
    std::function<Result<std::vector<PeriodReportRow>>(int64_t from_ms, int64_t to_ms)>;

int64_t Minus(int64_t time_ms, int64_t duration_ms) {
  int64_t difference = 0;
  return __builtin_sub_overflow(time_ms, duration_ms, &difference) ? INT64_MIN : difference;
}

/// Returns the period that holds `instant_ms`. Looks back in steps, so that short periods don't
/// make it read a month of them; no period is longer than that (PeriodGrid).
Result<std::optional<PeriodReportRow>> FindPeriod(const ReadPeriods& read, int64_t instant_ms) {
  constexpr std::array<int64_t, 3> kLookBackMs = {kHourMs, kDayMs, 31 * kDayMs};
  for (const int64_t look_back_ms : kLookBackMs) {
    TYMBAL_ASSIGN_OR_RETURN(const std::vector<PeriodReportRow> rows,
                            read(Minus(instant_ms, look_back_ms), instant_ms + 1));
    const auto found =
        std::find_if(rows.rbegin(), rows.rend(), [instant_ms](const PeriodReportRow& row) {
          return row.period.start_ms <= instant_ms && instant_ms < row.period.end_ms;
        });
    if (found != rows.rend()) return std::optional(*found);
  }
  return std::optional<PeriodReportRow>();
}

/// The range of a scope that depends on what is there. `last` is the last published period.
void SetRange(const std::optional<Period>& last, Scope* scope) {
  const ScopeRequest& request = scope->request;
  if (request.from_ms || request.to_ms) {
    scope->from_ms = request.from_ms.value_or(INT64_MIN);
    scope->to_ms = request.to_ms.value_or(INT64_MAX);
  } else if (!request.last_ms && request.all) {
    scope->from_ms = INT64_MIN;
    scope->to_ms = INT64_MAX;
  } else if (!last) {
    scope->from_ms = scope->to_ms = 0;  // Nothing.
  } else {
    scope->from_ms = request.last_ms ? Minus(last->end_ms, *request.last_ms) : last->start_ms;
    scope->to_ms = last->end_ms;
  }
}

void SetTimeline(const std::vector<PeriodReportRow>& rows, Scope* scope) {
  scope->timeline = BuildTimeline(rows, scope->from_ms, scope->to_ms);
  scope->counts = CountPeriods(scope->timeline);
  bool first = true;
  // Unplaced records belong to the input, and each period of the input states them: count them
  // once.
  std::set<std::pair<std::string_view, uint64_t>> inputs;
  for (const TimelineEntry& entry : scope->timeline) {
    if (!entry.IsPublished()) continue;
    scope->coverage.Merge(entry.row.coverage);
    if (inputs.emplace(entry.row.source, entry.row.unplaced).second) {
      scope->unplaced += entry.row.unplaced;
    }
    if (first) scope->extent = entry.period;
    scope->extent.end_ms = std::max(scope->extent.end_ms, entry.period.end_ms);
    first = false;
  }
}

std::optional<Period> ExtentOf(const std::vector<PeriodReportRow>& rows) {
  if (rows.empty()) return std::nullopt;
  return Period{rows.front().period.start_ms, rows.back().period.end_ms};
}

/// Reads the periods of the scope's range, and where the range begins or ends with room for a
/// missing period, the known period beyond.
Result<std::vector<PeriodReportRow>> ReadWithNeighbours(const ReadPeriods& read,
                                                        const Scope& scope) {
  TYMBAL_ASSIGN_OR_RETURN(std::vector<PeriodReportRow> rows, read(scope.from_ms, scope.to_ms));
  if (rows.empty()) return rows;
  const Period first = rows.front().period;
  const Period last = rows.back().period;
  if (scope.from_ms != INT64_MIN &&
      Minus(first.start_ms, first.end_ms - first.start_ms) >= scope.from_ms) {
    TYMBAL_ASSIGN_OR_RETURN(const auto before, read(INT64_MIN, scope.from_ms));
    if (!before.empty()) rows.insert(rows.begin(), before.back());
  }
  if (scope.to_ms != INT64_MAX && last.end_ms < scope.to_ms) {
    TYMBAL_ASSIGN_OR_RETURN(const auto after, read(scope.to_ms, INT64_MAX));
    if (!after.empty()) rows.push_back(after.front());
  }
  return rows;
}

/// `last_published` says which period is the last published one; asked only when it matters.
Result<Scope> Resolve(const ReadPeriods& read, const ScopeRequest& request,
                      const std::function<Result<std::optional<Period>>()>& last_published) {
  Scope scope;
  scope.request = request;
  if (request.instant_ms) {
    TYMBAL_ASSIGN_OR_RETURN(const auto found, FindPeriod(read, *request.instant_ms));
    scope.from_ms = found ? found->period.start_ms : 0;
    scope.to_ms = found ? found->period.end_ms : 0;
    if (found) SetTimeline({*found}, &scope);
  } else {
    std::optional<Period> last;
    if (request.last_ms || (!request.from_ms && !request.to_ms && !request.all)) {
      TYMBAL_ASSIGN_OR_RETURN(last, last_published());
    }
    SetRange(last, &scope);
    TYMBAL_ASSIGN_OR_RETURN(const auto rows, ReadWithNeighbours(read, scope));
    SetTimeline(rows, &scope);
  }
  if (scope.counts.published == 0) {
    TYMBAL_ASSIGN_OR_RETURN(const auto rows, read(INT64_MIN, INT64_MAX));
    scope.known = ExtentOf(rows);
  }
  return scope;
}

}  // namespace

Status CheckScope(const ScopeRequest& request) {
  const int ways = (request.instant_ms ? 1 : 0) + (request.from_ms || request.to_ms ? 1 : 0) +
                   (request.last_ms ? 1 : 0);
  if (ways > 1) return InvalidArgument("give only one of period, from with to, and last");
  if (request.from_ms && request.to_ms && *request.from_ms >= *request.to_ms) {
    return InvalidArgument("from must be before to");
  }
  if (request.last_ms && *request.last_ms <= 0) {
    return InvalidArgument("last must be longer than 0");
  }
  return Status::Ok();
}

std::optional<RunId> Scope::RunOf(int64_t start_ms) const {
  const auto found = std::lower_bound(
      timeline.begin(), timeline.end(), start_ms,
      [](const TimelineEntry& entry, int64_t time_ms) { return entry.period.start_ms < time_ms; });
  if (found == timeline.end() || found->period.start_ms != start_ms || !found->IsPublished()) {
    return std::nullopt;
  }
  return found->row.run;
}

Result<Scope> ResolveScope(ReportSource& source, const ScopeRequest& request) {
  const auto read = [&source](int64_t from_ms, int64_t to_ms) {
    return source.ReadPeriods(from_ms, to_ms);
  };
  return Resolve(read, request, [&]() -> Result<std::optional<Period>> {
    TYMBAL_ASSIGN_OR_RETURN(const auto start_ms, source.LastPublishedStart());
    if (!start_ms) return std::optional<Period>();
    TYMBAL_ASSIGN_OR_RETURN(const auto rows, source.ReadPeriods(*start_ms, *start_ms + 1));
    if (rows.empty()) return std::optional<Period>();
    return std::optional(rows.front().period);
  });
}

Scope ScopeOf(const std::vector<PeriodReportRow>& rows, const ScopeRequest& request) {
  const auto read = [&rows](int64_t from_ms,
                            int64_t to_ms) -> Result<std::vector<PeriodReportRow>> {
    std::vector<PeriodReportRow> inside;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(inside),
                 [from_ms, to_ms](const PeriodReportRow& row) {
                   return row.period.start_ms >= from_ms && row.period.start_ms < to_ms;
                 });
    return inside;
  };
  Result<Scope> scope = Resolve(read, request, [&]() -> Result<std::optional<Period>> {
    std::optional<Period> last;
    for (const PeriodReportRow& row : rows) {
      if (row.state == RunState::kPublished) last = row.period;
    }
    return last;
  });
  TYMBAL_CHECK(scope.has_value(), "rows in memory are always readable");
  return std::move(*scope);
}

}  // namespace tymbal::report
