#include "simulation/checkers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace tymbal::testing {

void Checkers::OnMasterWrite(std::string_view what, Epoch epoch) {
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

void Checkers::CheckStore(int64_t now_ms) {
  if (results_->epoch < epoch_) Fail("I4: the store's epoch went back");
  epoch_ = results_->epoch;
  for (const auto& [id, run] : results_->runs) CheckRun(run, now_ms);
  CheckPeriods();
}

void Checkers::CheckRun(const MemoryResults::Run& run, int64_t now_ms) {
  const RunRecord& record = run.record;
  CheckTiling(record);
  const Period& period = record.period;
  if (period.end_ms - period.start_ms != period_ms_ || period.start_ms % period_ms_ != 0) {
    Fail(fmt::format("I1: run {} is of [{}, {}), which is no period", record.id.value,
                     period.start_ms, period.end_ms));
  }
  // Clocks differ in the simulation, so a little early is no mistake of the master.
  constexpr int64_t kClockSlackMs = 1'500;
  if (record.attempt == 1 && record.created_ms + kClockSlackMs < period.end_ms + delay_ms_) {
    Fail(fmt::format("I1: run {} was planned {} ms before its period was due", record.id.value,
                     period.end_ms + delay_ms_ - record.created_ms));
  }
  (void)now_ms;
  CheckRows(run);
  if (record.state == RunState::kPublished) CheckPublishedRows(run);
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
  const auto [known, is_new] = bounds_.try_emplace(run.id, bounds);
  if (!is_new && known->second != bounds) {
    Fail(fmt::format("I2: the fragments of run {} were cut anew", run.id.value));
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

void Checkers::CheckPublishedRows(const MemoryResults::Run& run) {
  const RunRecord& record = run.record;
  RunId& newest = published_[record.period.start_ms];
  if (record.id < newest) {
    Fail(fmt::format("I5: run {} counts again, after run {}", record.id.value, newest.value));
  }
  newest = std::max(newest, record.id);
  const auto [known, is_new] = published_rows_.try_emplace(record.id, run.rows.size());
  if (!is_new) {
    if (known->second != run.rows.size()) {
      Fail(fmt::format("I5: the published run {} has changed", record.id.value));
    }
    return;  // Its numbers were compared when it was first seen.
  }
  const std::map<uint64_t, StatRow>& truth = spans_->Truth(record.period.start_ms);
  size_t methods = 0;
  for (const auto& [id, row] : run.rows) {
    if (!row.fragment_no) continue;
    ++methods;
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
  for (const FragmentRecord& fragment : record.fragments) {
    if (fragment.state != FragmentState::kDone) {
      Fail(fmt::format("I5: run {} was published before its fragment {} was done", record.id.value,
                       fragment.no));
    }
  }
}

/// Periods are begun in order: behind one that has a run there is none without.
void Checkers::CheckPeriods() {
  std::set<int64_t> starts;
  for (const auto& [id, run] : results_->runs) starts.insert(run.record.period.start_ms);
  int64_t expected_ms = starts.empty() ? 0 : *starts.begin();
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
