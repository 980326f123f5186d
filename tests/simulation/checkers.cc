#include "simulation/checkers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace tymbal::testing {

void Checkers::OnMasterWrite(std::string_view what, Epoch epoch, std::optional<RunId> run) {
  if (run) CheckRun(results_->runs.at(*run));
  if (epoch == results_->epoch) return;
  Fail(fmt::format("I4: {} was accepted under epoch {}, but {} has been taken", what, epoch.value,
                   results_->epoch.value));
}

void Checkers::OnCommit(RunId run, int32_t fragment_no, Token token) {
  const RunRecord& record = results_->runs.at(run).record;
  const FragmentRecord& fragment = record.fragments.at(static_cast<size_t>(fragment_no));
  if (fragment.token != token) {
    Fail(fmt::format("I4: fragment {} of run {} was committed under token {}, its token is {}",
                     fragment_no, run.value, token.value, fragment.token.value));
  }
  if (++commits_[{run, fragment_no}] > 1) {
    Fail(fmt::format("I3: fragment {} of run {} was committed twice", fragment_no, run.value));
  }
  CheckRun(results_->runs.at(run));
}

/// The board may be behind the ledger, but what it says under a token is what the ledger said.
void Checkers::OnStart(const NodeId& node, const worker::FragmentWork& work) {
  const RunRecord& record = results_->runs.at(work.run).record;
  const FragmentRecord& fragment = record.fragments.at(static_cast<size_t>(work.no));
  if (work.period != record.period || work.slots != fragment.slots) {
    Fail(fmt::format("I1: {} works on another piece than fragment {} of run {} is", node.value,
                     work.no, work.run.value));
  }
  if (work.token > fragment.token || (work.token == fragment.token && node != fragment.node)) {
    Fail(fmt::format("I4: {} works on fragment {} of run {} under token {}, which isn't its own",
                     node.value, work.no, work.run.value, work.token.value));
  }
}

void Checkers::OnBoard(Epoch claimed, Epoch task) {
  if (claimed < board_) {
    Fail(fmt::format("I4: the board went back from epoch {} to {}", board_.value, claimed.value));
  }
  if (task > claimed || (task.value != 0 && task < claimed && claimed == board_)) {
    // A task of an older epoch may still hang there when a new master has just claimed the board,
    // but never be put there afterwards; OnBoard is told of every write.
    Fail(fmt::format("I4: a task of epoch {} was put on a board of epoch {}", task.value,
                     claimed.value));
  }
  board_ = std::max(board_, claimed);
}

void Checkers::CheckStore() {
  if (results_->epoch < epoch_) Fail("I4: the store's epoch went back");
  epoch_ = results_->epoch;
  for (const auto& [id, run] : results_->runs) CheckRun(run);
  CheckPeriods();
}

void Checkers::CheckRun(const MemoryResults::Run& run) {
  const RunRecord& record = run.record;
  CheckTiling(record);
  CheckSteps(record);
  const Period& period = record.period;
  if (period.end_ms - period.start_ms != period_ms_ || period.start_ms % period_ms_ != 0) {
    Fail(fmt::format("I1: run {} is of [{}, {}), which is no period", record.id.value,
                     period.start_ms, period.end_ms));
  }
  if (record.attempt == 1 && record.created_ms + clock_slack_ms_ < period.end_ms + delay_ms_) {
    Fail(fmt::format("I6: run {} was planned {} ms before its period was due", record.id.value,
                     period.end_ms + delay_ms_ - record.created_ms));
  }
  CheckRows(run);
  if (record.state == RunState::kPublished) CheckPublished(run);
}

void Checkers::CheckTiling(const RunRecord& run) {
  std::vector<SlotRange> bounds;
  uint32_t next = 0;
  for (const FragmentRecord& fragment : run.fragments) {
    if (fragment.slots.from != next || fragment.slots.to <= fragment.slots.from) {
      Fail(fmt::format("I2: the fragments of run {} don't tile the slots", run.id.value));
    }
    next = fragment.slots.to;
    bounds.push_back(fragment.slots);
  }
  if (next != run.slots) Fail(fmt::format("I2: run {} leaves slots out", run.id.value));
  Seen& seen = seen_[run.id];
  if (!seen.bounds.empty() && seen.bounds != bounds) {
    Fail(fmt::format("I2: the fragments of run {} were cut anew", run.id.value));
  }
  seen.bounds = std::move(bounds);
}

/// Tokens grow, what is done stays done, and a run goes from open to published or failed, from
/// published to superseded, and nowhere else.
void Checkers::CheckSteps(const RunRecord& run) {
  Seen& seen = seen_[run.id];
  seen.tokens.resize(run.fragments.size());
  seen.done.resize(run.fragments.size());
  for (size_t no = 0; no < run.fragments.size(); ++no) {
    const FragmentRecord& fragment = run.fragments[no];
    const bool done = fragment.state == FragmentState::kDone;
    if (fragment.token < seen.tokens[no] || (seen.done[no] && fragment.token != seen.tokens[no])) {
      Fail(fmt::format("I4: the token of fragment {} of run {} went from {} to {}", no,
                       run.id.value, seen.tokens[no].value, fragment.token.value));
    }
    if (seen.done[no] && !done) {
      Fail(fmt::format("I3: fragment {} of run {} is undone", no, run.id.value));
    }
    seen.tokens[no] = fragment.token;
    seen.done[no] = done;
  }
  const bool possible = run.state == seen.state || seen.state == RunState::kOpen ||
                        (seen.state == RunState::kPublished && run.state == RunState::kSuperseded);
  if (!possible) {
    Fail(fmt::format("I5: run {} went from {} to {}", run.id.value, RunStateName(seen.state),
                     RunStateName(run.state)));
  }
  seen.state = run.state;
  if (run.state == RunState::kFailed && run.reason.empty()) {
    Fail(fmt::format("I6: run {} failed without a reason", run.id.value));
  }
}

void Checkers::CheckRows(const MemoryResults::Run& run) {
  for (const auto& [id, row] : run.rows) {
    if (!row.fragment_no) continue;
    const FragmentRecord& fragment = run.record.fragments.at(static_cast<size_t>(*row.fragment_no));
    if (row.token != fragment.token || fragment.state != FragmentState::kDone) {
      Fail(fmt::format("I3: a row of run {} has not the token of its fragment {} in the ledger",
                       run.record.id.value, fragment.no));
      return;
    }
  }
}

void Checkers::CheckPublished(const MemoryResults::Run& run) {
  const RunRecord& record = run.record;
  RunId& newest = published_[record.period.start_ms];
  if (record.id < newest) {
    Fail(fmt::format("I5: run {} counts again, after run {}", record.id.value, newest.value));
  }
  newest = std::max(newest, record.id);
  for (const FragmentRecord& fragment : record.fragments) {
    if (fragment.state == FragmentState::kDone) continue;
    Fail(fmt::format("I5: run {} was published before its fragment {} was done", record.id.value,
                     fragment.no));
    return;
  }
  CheckPublishedRows(run);
  CheckSums(run);
}

void Checkers::CheckPublishedRows(const MemoryResults::Run& run) {
  const RunRecord& record = run.record;
  const std::map<uint64_t, StatRow>& truth = spans_->Truth(record.period.start_ms);
  size_t methods = 0;
  uint64_t calls = 0;
  for (const auto& [id, row] : run.rows) {
    if (!row.fragment_no) continue;
    ++methods;
    calls += row.row.stat.calls;
    const auto expected = truth.find(id);
    if (expected == truth.end() || !(expected->second.stat == row.row.stat)) {
      Fail(
          fmt::format("I1: run {} has wrong numbers for {}", record.id.value, row.row.name.method));
    }
  }
  if (methods != truth.size()) {
    Fail(fmt::format("I1: run {} has {} endpoints instead of {}", record.id.value, methods,
                     truth.size()));
  }
  Coverage coverage;
  for (const FragmentRecord& fragment : record.fragments) coverage.Merge(fragment.coverage);
  if (coverage.read != calls || coverage.expected != calls) {
    Fail(fmt::format("I6: run {} says {} of {} spans were read, its rows have {}", record.id.value,
                     coverage.read, coverage.expected, calls));
  }
}

/// I9: the sums of methods are those of services and of apps.
void Checkers::CheckSums(const MemoryResults::Run& run) {
  std::map<Level, std::pair<uint64_t, uint64_t>> sums = {
      {Level::kMethod, {}}, {Level::kService, {}}, {Level::kApp, {}}};
  for (const auto& [id, row] : run.rows) {
    sums[row.row.level].first += row.row.stat.calls;
    sums[row.row.level].second += row.row.stat.duration_sum_us;
  }
  if (sums[Level::kService] != sums[Level::kMethod] || sums[Level::kApp] != sums[Level::kMethod]) {
    Fail(fmt::format("I9: the levels of run {} have other sums", run.record.id.value));
  }
}

/// Periods are begun in order: from the first one on there is none without a run before one with.
/// And of each period one run counts.
void Checkers::CheckPeriods() {
  if (first_period_ms_ && results_->first_period_ms != first_period_ms_) {
    Fail("I6: the first period has changed");
  }
  first_period_ms_ = results_->first_period_ms;
  std::set<int64_t> starts;
  std::set<int64_t> published;
  for (const auto& [id, run] : results_->runs) {
    const int64_t start_ms = run.record.period.start_ms;
    starts.insert(start_ms);
    if (run.record.state == RunState::kPublished && !published.insert(start_ms).second) {
      Fail(fmt::format("I5: two runs count for the period at {}", start_ms));
    }
  }
  int64_t expected_ms = first_period_ms_.value_or(0);
  for (const int64_t start_ms : starts) {
    if (start_ms != expected_ms) {
      Fail(fmt::format("I6: the period at {} was skipped", expected_ms));
      return;
    }
    expected_ms += period_ms_;
  }
}

void Checkers::CheckAllPublished(int64_t now_ms) {
  std::map<int64_t, RunState> best;
  for (const auto& [id, run] : results_->runs) {
    RunState& state = best.try_emplace(run.record.period.start_ms, run.record.state).first->second;
    if (run.record.state == RunState::kPublished) state = RunState::kPublished;
  }
  if (best.empty()) return Fail("I7: nothing was ever planned");
  for (int64_t start_ms = best.begin()->first; start_ms + period_ms_ + delay_ms_ <= now_ms;
       start_ms += period_ms_) {
    const auto found = best.find(start_ms);
    if (found == best.end()) {
      Fail(fmt::format("I7: the period at {} has no run", start_ms));
    } else if (found->second != RunState::kPublished) {
      Fail(fmt::format("I7: the period at {} is {}", start_ms, RunStateName(found->second)));
    }
  }
}

}  // namespace tymbal::testing
