#include "support/memory_result_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "common/result_check.h"

namespace tymbal::testing {
namespace {

bool InFilter(const RowFilter& filter, const Period& period, const EndpointName& name) {
  return period.start_ms >= filter.from_ms && period.start_ms < filter.to_ms &&
         (!filter.app || *filter.app == name.app) &&
         (!filter.service || *filter.service == name.service) &&
         (!filter.method || *filter.method == name.method);
}

double Ratio(uint64_t part, uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

/// Returns what the numeric orders sort by, descending. Two numbers, since a double can't hold all
/// counts: of them only one is used by any key.
std::pair<uint64_t, double> SortValue(SortKey key, const EndpointStat& stat) {
  switch (key) {
    case SortKey::kTime:
    case SortKey::kName:
      return {0, 0};
    case SortKey::kCalls:
      return {stat.calls, 0};
    case SortKey::kErrors:
      return {stat.errors, 0};
    case SortKey::kErrorRate:
      return {0, Ratio(stat.errors, stat.calls)};
    case SortKey::kSum:
      return {stat.duration_sum_us, 0};
    case SortKey::kMean:
      return {0, Ratio(stat.duration_sum_us, stat.calls)};
    case SortKey::kMax:
      return {stat.max_us, 0};
    case SortKey::kP50:
      return {stat.percentile_us[0], 0};
    case SortKey::kP75:
      return {stat.percentile_us[1], 0};
    case SortKey::kP90:
      return {stat.percentile_us[2], 0};
    case SortKey::kP95:
      return {stat.percentile_us[3], 0};
    case SortKey::kP99:
      return {stat.percentile_us[4], 0};
    case SortKey::kP999:
      return {stat.percentile_us[5], 0};
  }
  return {0, 0};
}

bool StatBefore(SortKey key, const StatReportRow& a, const StatReportRow& b) {
  if (key == SortKey::kTime) {
    return std::tie(a.period, a.row.name) < std::tie(b.period, b.row.name);
  }
  const auto value_a = SortValue(key, a.row.stat);
  const auto value_b = SortValue(key, b.row.stat);
  return std::tie(value_b, a.row.name, a.period) < std::tie(value_a, b.row.name, b.period);
}

template <typename T>
void Limit(size_t limit, std::vector<T>* rows) {
  if (limit != 0 && rows->size() > limit)
    rows->erase(rows->begin() + static_cast<ptrdiff_t>(limit), rows->end());
}

/// The lower, the more a run counts for its period.
int RankOf(RunState state) {
  switch (state) {
    case RunState::kPublished:
      return 0;
    case RunState::kOpen:
      return 1;
    case RunState::kFailed:
      return 2;
    case RunState::kSuperseded:
      return 3;
  }
  return 4;
}

Status StateConflict(const RunRecord& record, std::string_view wish) {
  return Conflict(
      fmt::format("run {} is {}: {}", record.id.value, RunStateName(record.state), wish));
}

}  // namespace

Result<Epoch> MemoryResultStore::TakeEpoch(const NodeId& holder, Epoch above) {
  results_.epoch.value = std::max(results_.epoch.value, above.value) + 1;
  results_.holder = holder;
  return results_.epoch;
}

Result<int64_t> MemoryResultStore::FixFirstPeriod(Epoch epoch, int64_t proposed_start_ms) {
  TYMBAL_RETURN_IF_ERROR(CheckEpoch(epoch));
  if (!results_.first_period_ms) results_.first_period_ms = proposed_start_ms;
  return *results_.first_period_ms;
}

Result<std::optional<int64_t>> MemoryResultStore::ReadFirstPeriod() {
  return results_.first_period_ms;
}

Result<std::vector<PeriodLedger>> MemoryResultStore::ReadLedger(int64_t from_ms, size_t limit) {
  std::map<int64_t, const MemoryResults::Run*> counting;  // By start of the period.
  for (const auto& [id, run] : results_.runs) {
    const int64_t start_ms = run.record.period.start_ms;
    if (start_ms < from_ms) continue;
    const MemoryResults::Run*& best = counting[start_ms];
    if (best == nullptr || RankOf(run.record.state) <= RankOf(best->record.state)) best = &run;
  }
  std::vector<PeriodLedger> periods;
  for (const auto& [start_ms, run] : counting) {
    if (periods.size() == limit) break;
    const RunRecord& record = run->record;
    periods.push_back({record.period, record.id, record.attempt, record.state, record.reason,
                       record.created_ms, record.published_ms});
  }
  return periods;
}

Status MemoryResultStore::CheckEpoch(Epoch epoch) const {
  if (epoch.value > 0 && epoch == results_.epoch) return Status::Ok();
  return Fenced(fmt::format("epoch {} is not the current one, which is {}: there is another master",
                            epoch.value, results_.epoch.value));
}

Status MemoryResultStore::CheckNoOverlap(const Period& period) const {
  for (const auto& [id, run] : results_.runs) {
    const RunRecord& record = run.record;
    const bool open = record.state == RunState::kOpen;
    if (!open && record.state != RunState::kPublished) continue;
    const Period& other = record.period;
    if (other.start_ms >= period.end_ms || other.end_ms <= period.start_ms) continue;
    if (open || other != period) {
      return Conflict(fmt::format("the period is that of run {} or overlaps it; the run is {}",
                                  id.value, RunStateName(record.state)));
    }
  }
  return Status::Ok();
}

Result<RunRecord> MemoryResultStore::PlanRun(Epoch epoch, const RunPlan& plan) {
  TYMBAL_RETURN_IF_ERROR(CheckPlan(plan));
  TYMBAL_RETURN_IF_ERROR(CheckEpoch(epoch));
  TYMBAL_RETURN_IF_ERROR(CheckNoOverlap(plan.period));
  RunRecord record;
  record.id = results_.runs.empty() ? RunId{1} : RunId{results_.runs.rbegin()->first.value + 1};
  record.period = plan.period;
  record.attempt = 1;
  for (const auto& [id, run] : results_.runs) {
    if (run.record.period.start_ms == plan.period.start_ms) {
      record.attempt = std::max(record.attempt, run.record.attempt + 1);
    }
  }
  record.epoch = epoch;
  record.slots = plan.slots;
  record.input = plan.input;
  record.created_ms = now_();
  for (const FragmentPlan& planned : plan.fragments) {
    FragmentRecord& fragment = record.fragments.emplace_back();
    fragment.no = static_cast<int32_t>(record.fragments.size() - 1);
    fragment.slots = planned.slots;
    fragment.node = planned.node;
    fragment.token = Token{1};
    fragment.started_ms = record.created_ms;
  }
  MemoryResults::Run& run = results_.runs[record.id];
  run.record = record;
  run.calls_by_fragment.resize(record.fragments.size());
  return record;
}

Result<MemoryResults::Run*> MemoryResultStore::Find(RunId run) {
  const auto found = results_.runs.find(run);
  if (found == results_.runs.end()) return NotFound(fmt::format("there is no run {}", run.value));
  return &found->second;
}

MemoryResults::Run* MemoryResultStore::FindPublished(int64_t start_ms) {
  for (auto& [id, run] : results_.runs) {
    const RunRecord& record = run.record;
    if (record.state == RunState::kPublished && record.period.start_ms == start_ms) return &run;
  }
  return nullptr;
}

namespace {

Result<FragmentRecord*> FindFragment(MemoryResults::Run& run, int32_t no) {
  if (no < 0 || static_cast<size_t>(no) >= run.record.fragments.size()) {
    return NotFound(fmt::format("there is no fragment {} of run {}", no, run.record.id.value));
  }
  return &run.record.fragments[static_cast<size_t>(no)];
}

}  // namespace

Result<Token> MemoryResultStore::HandOver(Epoch epoch, RunId run, int32_t fragment_no,
                                          const NodeId& node) {
  TYMBAL_RETURN_IF_ERROR(CheckEpoch(epoch));
  TYMBAL_ASSIGN_OR_RETURN(MemoryResults::Run* const found, Find(run));
  TYMBAL_ASSIGN_OR_RETURN(FragmentRecord* const fragment, FindFragment(*found, fragment_no));
  if (found->record.state != RunState::kOpen) return StateConflict(found->record, "no hand-over");
  if (fragment->state == FragmentState::kDone) {
    return Conflict(fmt::format("fragment {} of run {} is done", fragment_no, run.value));
  }
  ++fragment->token.value;
  fragment->node = node;
  fragment->started_ms = now_();
  return fragment->token;
}

Status MemoryResultStore::CheckRows(const MemoryResults::Run& run,
                                    const std::vector<StatRow>& rows) const {
  for (const StatRow& row : rows) {
    const auto known = results_.endpoints.find(row.endpoint_id);
    if (known != results_.endpoints.end() && known->second != std::make_pair(row.level, row.name)) {
      return CollisionError(row, known->second.first, known->second.second);
    }
    if (run.rows.contains(row.endpoint_id)) {
      return Internal(fmt::format("run {} has a row of {} already, from another fragment",
                                  run.record.id.value, Describe(row.level, row.name)));
    }
  }
  return Status::Ok();
}

void MemoryResultStore::AddRows(MemoryResults::Run& run, const std::vector<StatRow>& rows,
                                std::optional<int32_t> fragment_no, Token token) {
  for (const StatRow& row : rows) {
    results_.endpoints.try_emplace(row.endpoint_id, row.level, row.name);
    run.rows[row.endpoint_id] = {row, fragment_no, token};
  }
}

Result<CommitOutcome> MemoryResultStore::CommitFragment(const FragmentCommit& commit) {
  TYMBAL_RETURN_IF_ERROR(CheckCommit(commit));
  const Result<MemoryResults::Run*> found = Find(commit.run);
  if (!found.has_value()) return found.error();
  MemoryResults::Run& run = **found;
  TYMBAL_ASSIGN_OR_RETURN(FragmentRecord* const fragment, FindFragment(run, commit.fragment_no));
  if (fragment->token != commit.token) {
    return Fenced(fmt::format("fragment {} of run {} was handed over: its token is {}, not {}",
                              commit.fragment_no, commit.run.value, fragment->token.value,
                              commit.token.value));
  }
  if (fragment->state == FragmentState::kDone) return CommitOutcome::kAlreadyCommitted;
  if (run.record.state != RunState::kOpen) {
    return Fenced(fmt::format("run {} is {}: nothing of it is committed any more", commit.run.value,
                              RunStateName(run.record.state)));
  }
  std::vector<StatRow> rows;
  TYMBAL_ASSIGN_OR_RETURN(const CommitTotals totals,
                          WriteChecked(commit, [&](std::span<const StatRow> some) {
                            rows.insert(rows.end(), some.begin(), some.end());
                            return Status::Ok();
                          }));
  TYMBAL_RETURN_IF_ERROR(CheckRows(run, rows));
  AddRows(run, rows, commit.fragment_no, commit.token);
  fragment->state = FragmentState::kDone;
  fragment->coverage = commit.coverage;
  fragment->rows = totals.rows;
  fragment->done_ms = now_();
  if (commit.unplaced) run.record.input.unplaced = *commit.unplaced;
  run.calls_by_fragment[static_cast<size_t>(commit.fragment_no)] = totals.calls;
  return CommitOutcome::kCommitted;
}

Status MemoryResultStore::VisitMethodRows(RunId run,
                                          const std::function<Status(const StatRow&)>& visit) {
  TYMBAL_ASSIGN_OR_RETURN(MemoryResults::Run* const found, Find(run));
  for (const auto& [id, stored] : found->rows) {
    if (!stored.fragment_no.has_value()) continue;
    StatRow row = stored.row;
    row.slowest.clear();
    TYMBAL_RETURN_IF_ERROR(visit(row));
  }
  return Status::Ok();
}

Status MemoryResultStore::PublishRun(Epoch epoch, RunId run, const Publication& publication) {
  const std::vector<StatRow>& rollup_rows = publication.rollup_rows;
  TYMBAL_RETURN_IF_ERROR(CheckRollup(rollup_rows));
  TYMBAL_RETURN_IF_ERROR(CheckEpoch(epoch));
  TYMBAL_ASSIGN_OR_RETURN(MemoryResults::Run* const found, Find(run));
  RunRecord& record = found->record;
  if (record.state == RunState::kPublished) return Status::Ok();
  if (record.state != RunState::kOpen) return StateConflict(record, "it can't be published");
  for (const FragmentRecord& fragment : record.fragments) {
    if (fragment.state == FragmentState::kDone) continue;
    return Conflict(fmt::format("fragment {} of run {} isn't done", fragment.no, run.value));
  }
  TYMBAL_RETURN_IF_ERROR(CheckRows(*found, rollup_rows));
  AddRows(*found, rollup_rows, std::nullopt, Token{});
  found->ranking = publication.ranking;
  if (MemoryResults::Run* former = FindPublished(record.period.start_ms)) {
    former->record.state = RunState::kSuperseded;
  }
  record.state = RunState::kPublished;
  record.published_ms = now_();
  return Status::Ok();
}

Status MemoryResultStore::FailRun(Epoch epoch, RunId run, std::string_view reason) {
  TYMBAL_RETURN_IF_ERROR(CheckEpoch(epoch));
  TYMBAL_ASSIGN_OR_RETURN(MemoryResults::Run* const found, Find(run));
  RunRecord& record = found->record;
  if (record.state == RunState::kFailed) return Status::Ok();
  if (record.state != RunState::kOpen) return StateConflict(record, "it can't fail");
  record.state = RunState::kFailed;
  record.reason = reason;
  return Status::Ok();
}

Status MemoryResultStore::PurgeRun(RunId run) {
  TYMBAL_ASSIGN_OR_RETURN(MemoryResults::Run* const found, Find(run));
  const RunState state = found->record.state;
  if (state == RunState::kOpen || state == RunState::kPublished) {
    return StateConflict(found->record, "its results stay");
  }
  found->rows.clear();
  found->ranking.clear();
  return Status::Ok();
}

Result<RunRecord> MemoryResultStore::ReadRun(RunId run) {
  TYMBAL_ASSIGN_OR_RETURN(MemoryResults::Run* const found, Find(run));
  return found->record;
}

Result<std::vector<RunRecord>> MemoryResultStore::ReadOpenRuns() {
  std::vector<RunRecord> open;
  for (const auto& [id, run] : results_.runs) {
    if (run.record.state == RunState::kOpen) open.push_back(run.record);
  }
  std::sort(open.begin(), open.end(),
            [](const RunRecord& a, const RunRecord& b) { return a.period < b.period; });
  return open;
}

Result<std::optional<RunRecord>> MemoryResultStore::ReadPublishedRun(int64_t start_ms) {
  const MemoryResults::Run* run = FindPublished(start_ms);
  if (run == nullptr) return std::optional<RunRecord>();
  return std::optional<RunRecord>(run->record);
}

Result<std::vector<StatReportRow>> MemoryResultStore::ReadStats(const StatQuery& query) {
  std::vector<StatReportRow> rows;
  for (const auto& [run_id, run] : results_.runs) {
    if (run.record.state != RunState::kPublished) continue;
    for (const auto& [endpoint_id, stored] : run.rows) {
      if (stored.row.level != query.level) continue;
      if (!InFilter(query.filter, run.record.period, stored.row.name)) continue;
      StatReportRow& report = rows.emplace_back(StatReportRow{run.record.period, stored.row});
      report.row.slowest.clear();
      if (!query.with_histogram) report.row.stat.histogram.clear();
    }
  }
  std::sort(rows.begin(), rows.end(), [&query](const StatReportRow& a, const StatReportRow& b) {
    return StatBefore(query.sort, a, b);
  });
  Limit(query.limit, &rows);
  return rows;
}

Result<std::vector<SlowReportRow>> MemoryResultStore::ReadSlowCalls(const RowFilter& filter,
                                                                    size_t limit) {
  std::vector<SlowReportRow> rows;
  for (const auto& [run_id, run] : results_.runs) {
    if (run.record.state != RunState::kPublished) continue;
    for (const auto& [endpoint_id, stored] : run.rows) {
      if (!InFilter(filter, run.record.period, stored.row.name)) continue;
      for (const SlowCall& call : stored.row.slowest) {
        rows.push_back({run.record.period, stored.row.name, call});
      }
    }
  }
  // Stable: the calls of one row stay in their order.
  std::stable_sort(rows.begin(), rows.end(), [](const SlowReportRow& a, const SlowReportRow& b) {
    return std::tie(b.call.duration_us, a.name, a.period) <
           std::tie(a.call.duration_us, b.name, b.period);
  });
  Limit(limit, &rows);
  return rows;
}

Result<std::vector<PeriodReportRow>> MemoryResultStore::ReadPeriods(int64_t from_ms,
                                                                    int64_t to_ms) {
  std::map<int64_t, const MemoryResults::Run*> counting;  // By start of the period.
  for (const auto& [id, run] : results_.runs) {
    const int64_t start_ms = run.record.period.start_ms;
    if (start_ms < from_ms || start_ms >= to_ms) continue;
    const MemoryResults::Run*& best = counting[start_ms];
    // Of two in the same state the later one; attempts ascend with the ids.
    if (best == nullptr || RankOf(run.record.state) <= RankOf(best->record.state)) best = &run;
  }
  std::vector<PeriodReportRow> rows;
  for (const auto& [start_ms, run] : counting) {
    const RunRecord& record = run->record;
    PeriodReportRow& row = rows.emplace_back();
    row.period = record.period;
    row.run = record.id;
    row.attempt = record.attempt;
    row.state = record.state;
    row.reason = record.reason;
    for (const FragmentRecord& fragment : record.fragments) row.coverage.Merge(fragment.coverage);
    row.unplaced = record.input.unplaced;
    for (const uint64_t calls : run->calls_by_fragment) row.calls += calls;
    row.source = record.input.source;
    row.published_ms = record.published_ms;
  }
  return rows;
}

Result<std::optional<int64_t>> MemoryResultStore::LastPublishedStart() {
  std::optional<int64_t> last;
  for (const auto& [id, run] : results_.runs) {
    if (run.record.state != RunState::kPublished) continue;
    last = std::max(last.value_or(INT64_MIN), run.record.period.start_ms);
  }
  return last;
}

}  // namespace tymbal::testing
