#include "cli/run_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <optional>
#include <span>
#include <utility>

#include "common/period.h"
#include "common/time_text.h"
#include "master/plan.h"
#include "master/roll_up.h"

namespace tymbal::cli {
namespace {

/// How often to take a new epoch when another process has taken one meanwhile: each time one of the
/// two goes on, so this is reached only when many fight for one store.
constexpr int kFencedMax = 20;
/// How much longer to wait, at most, before each next epoch. Who took it at once would fence the
/// other one just before that publishes, and be fenced so in turn, again and again.
constexpr int kFencedPauseMs = 20;
constexpr size_t kConflictsShown = 3;
/// Each commit goes through most pages of its period anew: the ids of a fragment's endpoints lie
/// between those of the others.
constexpr uint32_t kFragmentsMax = 4;

/// Runs the loop until an asynchronous call has replied. `call` gets the callback.
template <typename T, typename Call>
T Await(EventLoop* loop, Call call) {
  std::optional<T> reply;
  call([&reply](T value) { reply = std::move(value); });
  loop->RunUntil([&reply] { return reply.has_value(); });
  return std::move(*reply);
}

bool SameInput(const RunInput& a, const RunInput& b) {
  return a.fingerprint == b.fingerprint && a.settings == b.settings;
}

std::string DescribeConflict(const RunRecord& published, const RunInput& input) {
  const TimeZone utc = TimeZone::Utc();
  std::string text = utc.FormatShort(published.period.start_ms);
  if (published.input.fingerprint == input.fingerprint) {
    return text + fmt::format(" is published from the same spans with other settings ({})",
                              published.input.settings);
  }
  uint64_t read = 0;
  for (const FragmentRecord& fragment : published.fragments) read += fragment.coverage.read;
  return text + fmt::format(" is published from {} ({} spans, on {})", published.input.source, read,
                            utc.FormatShort(published.published_ms));
}

Status OtherPeriods(std::string_view detail) {
  return Conflict(std::string(detail) +
                  "\nGive the --period and --period-offset of these results, or another --store.");
}

/// Adds the rows of a run up while a store writes them, for which it needs longer. A store may ask
/// for rows again, or for none; then what they add up to is known to the store only.
class AddingUp {
 public:
  /// Of a run of so many fragments.
  explicit AddingUp(size_t fragments) : fragments_(fragments) {}

  /// Returns a feed of the same rows, those of a fragment. It must not outlive this object.
  RowFeed Of(const RowFeed& rows) {
    return RowFeed([this, rows](const RowFeed::Take& take) {
      if (publication_.valid()) publication_.wait();
      ++begun_;
      TYMBAL_RETURN_IF_ERROR(rows.Visit([&](std::span<const StatRow> some) {
        std::future<Status> added =
            std::async(std::launch::async, [this, some] { return Add(some); });
        const Status taken = take(some);
        const Status status = added.get();
        return taken.ok() ? status : taken;
      }));
      if (begun_ == fragments_) {
        publication_ = std::async(std::launch::async, [this] { return sum_.Finish(); });
      }
      return Status::Ok();
    });
  }

  /// Returns the sum; nothing: not each fragment was fed exactly once.
  Result<std::optional<Publication>> Finish() {
    if (begun_ != fragments_ || !publication_.valid()) return std::optional<Publication>();
    TYMBAL_ASSIGN_OR_RETURN(Publication publication, publication_.get());
    return std::optional(std::move(publication));
  }

 private:
  Status Add(std::span<const StatRow> rows) {
    for (const StatRow& row : rows) TYMBAL_RETURN_IF_ERROR(sum_.Add(row));
    return Status::Ok();
  }

  const size_t fragments_;
  master::RollUp sum_;
  size_t begun_ = 0;  // Visits; one that breaks off is followed by another, or its commit fails.
  std::future<Result<Publication>> publication_;
};

}  // namespace

Result<std::vector<PeriodOutcome>> RunJob::Commit(worker::Aggregator* aggregator) {
  TYMBAL_RETURN_IF_ERROR(CheckConflicts(*aggregator));
  TYMBAL_RETURN_IF_ERROR(BecomeMaster());
  fragments_ = FragmentsFor(*aggregator);
  std::vector<PeriodOutcome> outcomes;
  SummaryAhead summaries(aggregator, options_.piece_rows);
  for (const int64_t start_ms : aggregator->PeriodStarts()) {
    TYMBAL_ASSIGN_OR_RETURN(PeriodOutcome outcome, CommitPeriod(&summaries, start_ms));
    outcomes.push_back(outcome);
  }
  TYMBAL_RETURN_IF_ERROR(
      Await<Status>(loop_, [this](auto done) { coordinator_->Stop(std::move(done)); }));
  return outcomes;
}

RunInput RunJob::InputOf(const worker::Aggregator& aggregator, int64_t start_ms) const {
  return {aggregator.Fingerprint(start_ms), options_.settings, options_.source,
          aggregator.unplaced().Total()};
}

/// Looks at all periods before the first one is changed.
Status RunJob::CheckConflicts(const worker::Aggregator& aggregator) {
  std::vector<std::string> conflicts;
  for (const int64_t start_ms : aggregator.PeriodStarts()) {
    TYMBAL_ASSIGN_OR_RETURN(const auto published, store_->ReadPublishedRun(start_ms));
    if (!published) continue;
    const Period period = aggregator.PeriodAt(start_ms);
    if (published->period != period) {
      return OtherPeriods(fmt::format(
          "the store holds a period of {} from {} on, not of {}: a store holds one period length",
          FormatDurationMs(published->period.end_ms - published->period.start_ms),
          TimeZone::Utc().FormatShort(start_ms),
          FormatDurationMs(period.end_ms - period.start_ms)));
    }
    const RunInput input = InputOf(aggregator, start_ms);
    if (!options_.replace && !SameInput(published->input, input)) {
      conflicts.push_back(DescribeConflict(*published, input));
    }
  }
  if (conflicts.empty()) return Status::Ok();
  std::string text;
  for (size_t i = 0; i < conflicts.size() && i < kConflictsShown; ++i) {
    text += "\n  " + conflicts[i];
  }
  if (conflicts.size() > kConflictsShown) {
    text += fmt::format("\n  and {} more", conflicts.size() - kConflictsShown);
  }
  return Conflict(fmt::format(
      "{} of {} periods hold results of other input; nothing was changed:{}\n"
      "Give all files of a period in one call, or --replace to supersede these periods as a whole.",
      conflicts.size(), aggregator.PeriodStarts().size(), text));
}

Status RunJob::BecomeMaster() {
  coordinator_->Start(this);
  loop_->RunUntil([this] { return live_; });
  TYMBAL_RETURN_IF_ERROR(Await<Status>(
      loop_, [this](auto done) { coordinator_->Join(options_.self, std::move(done)); }));
  const MasterRecord self{options_.self.node, options_.self.incarnation, {}, 0};
  const auto master = Await<Result<MasterRecord>>(
      loop_, [&](auto reply) { coordinator_->Campaign(self, std::move(reply)); });
  if (!master) return master.error();
  if (*master != self) return Fenced("node " + master->node.value + " is master");
  return TakeEpoch();
}

Status RunJob::TakeEpoch() {
  TYMBAL_ASSIGN_OR_RETURN(epoch_, store_->TakeEpoch(options_.self.node));
  open_runs_.clear();
  TYMBAL_ASSIGN_OR_RETURN(std::vector<RunRecord> open, store_->ReadOpenRuns());
  for (RunRecord& run : open) open_runs_.emplace(run.period.start_ms, std::move(run));
  return Await<Status>(loop_,
                       [this](auto done) { coordinator_->ClaimBoard(epoch_, std::move(done)); });
}

/// The same for all periods, so that SummaryAhead foresees the first fragment of the next one.
uint32_t RunJob::FragmentsFor(const worker::Aggregator& aggregator) const {
  uint64_t endpoints = 1;
  for (const int64_t start_ms : aggregator.PeriodStarts()) {
    endpoints = std::max(endpoints, aggregator.Totals(start_ms).endpoints);
  }
  const uint64_t wanted = (endpoints + options_.fragment_rows - 1) / options_.fragment_rows;
  return static_cast<uint32_t>(std::min<uint64_t>(wanted, kFragmentsMax));
}

Result<PeriodOutcome> RunJob::CommitPeriod(SummaryAhead* summaries, int64_t start_ms) {
  const worker::Aggregator& aggregator = summaries->aggregator();
  const worker::PeriodTotals totals = aggregator.Totals(start_ms);
  PeriodOutcome outcome{.period = aggregator.PeriodAt(start_ms),
                        .coverage = aggregator.PeriodCoverage(start_ms),
                        .calls = totals.calls,
                        .errors = totals.errors,
                        .endpoints = totals.endpoints};
  // Another process may take the next epoch at any moment: then so do we, look at the period anew,
  // and go on; the ledger sees to it that nothing counts twice.
  Status status = TryPeriod(summaries, &outcome);
  for (int fenced = 0; status.code() == StatusCode::kFenced && fenced < kFencedMax; ++fenced) {
    Pause(fenced * kFencedPauseMs);
    TYMBAL_RETURN_IF_ERROR(TakeEpoch());
    status = TryPeriod(summaries, &outcome);
  }
  if (!status.ok()) return status;
  summaries->Forget(start_ms);
  return outcome;
}

void RunJob::Pause(int ms_max) {
  const std::chrono::milliseconds pause(std::uniform_int_distribution<int>(0, ms_max)(random_));
  bool over = false;
  loop_->After(pause, [&over] { over = true; });
  loop_->RunUntil([&over] { return over; });
}

Status RunJob::TryPeriod(SummaryAhead* summaries, PeriodOutcome* outcome) {
  const int64_t start_ms = outcome->period.start_ms;
  const RunInput input = InputOf(summaries->aggregator(), start_ms);
  TYMBAL_ASSIGN_OR_RETURN(const auto published, store_->ReadPublishedRun(start_ms));
  if (published && SameInput(published->input, input)) {
    outcome->action = PeriodAction::kUnchanged;
    outcome->run = published->id;
    return Status::Ok();
  }
  if (published && !options_.replace) return Conflict(DescribeConflict(*published, input));
  TYMBAL_ASSIGN_OR_RETURN(const RunRecord run, PlanOrResume(input, outcome->period));
  TYMBAL_ASSIGN_OR_RETURN(const auto publication, Execute(run, summaries));
  TYMBAL_RETURN_IF_ERROR(Publish(run.id, publication));
  outcome->action = published ? PeriodAction::kReplaced : PeriodAction::kPublished;
  outcome->run = run.id;
  // Superseded results are of no use any more; their row in the ledger stays.
  return published ? store_->PurgeRun(published->id) : Status::Ok();
}

/// Takes the fragments that aren't done. Until its fragment is handed over, whoever had it may
/// still commit it: then it is done, and all the better.
Status RunJob::TakeOver(RunRecord* run) {
  for (size_t i = 0; i < run->fragments.size(); ++i) {
    FragmentRecord& fragment = run->fragments[i];
    if (fragment.state == FragmentState::kDone) continue;
    const auto token = store_->HandOver(epoch_, run->id, fragment.no, options_.self.node);
    if (token) {
      fragment.token = *token;
      continue;
    }
    if (token.error().code() != StatusCode::kConflict) return token.error();
    TYMBAL_ASSIGN_OR_RETURN(const RunRecord now, store_->ReadRun(run->id));
    fragment = now.fragments.at(i);
    if (fragment.state != FragmentState::kDone) return token.error();
  }
  return Status::Ok();
}

Result<RunRecord> RunJob::PlanOrResume(const RunInput& input, const Period& period) {
  // Open runs were left by processes that our epoch has fenced. What overlaps the period stands in
  // the way, be it of this period length or, after a first trial, of another one.
  for (auto open = open_runs_.begin(); open != open_runs_.end();) {
    RunRecord& run = open->second;
    if (run.period.end_ms <= period.start_ms || run.period.start_ms >= period.end_ms) {
      ++open;
      continue;
    }
    if (run.period == period && SameInput(run.input, input) && run.slots == options_.slots) {
      TYMBAL_RETURN_IF_ERROR(TakeOver(&run));
      return std::move(open_runs_.extract(open).mapped());
    }
    TYMBAL_RETURN_IF_ERROR(store_->FailRun(epoch_, run.id, "given up for other input"));
    TYMBAL_RETURN_IF_ERROR(store_->PurgeRun(run.id));
    open = open_runs_.erase(open);
  }
  RunPlan plan;
  plan.period = period;
  plan.slots = options_.slots;
  plan.input = input;
  plan.fragments = master::CutEvenly(options_.slots, {options_.self.node}, fragments_);
  auto run = store_->PlanRun(epoch_, plan);
  if (!run && run.error().code() == StatusCode::kConflict) {
    return OtherPeriods(run.error().message());
  }
  return run;
}

/// The worker's part: take the task from the board, commit its fragments one by one, say so.
/// Returns what the rows of the run add up to; nothing: some of them are in the store only.
Result<std::optional<Publication>> RunJob::Execute(const RunRecord& run, SummaryAhead* summaries) {
  Task task{epoch_, run.id, run.period, run.slots, {}};
  for (const FragmentRecord& fragment : run.fragments) {
    if (fragment.state == FragmentState::kDone) continue;
    task.fragments.push_back({fragment.no, fragment.slots, options_.self.node, fragment.token});
  }
  TYMBAL_RETURN_IF_ERROR(
      Await<Status>(loop_, [&](auto done) { coordinator_->PublishTask(task, std::move(done)); }));
  const auto seen = Await<Result<std::optional<Task>>>(
      loop_, [this](auto reply) { coordinator_->ReadTask(std::move(reply)); });
  if (!seen) return seen.error();
  if (!*seen) return Internal("the task that was just published is gone");
  return ExecuteTask(**seen, run.fragments.size(), summaries);
}

Result<std::optional<Publication>> RunJob::ExecuteTask(const Task& task, size_t fragments_of_run,
                                                       SummaryAhead* summaries) {
  std::vector<SummaryPart> parts;
  for (const TaskFragment& fragment : task.fragments) {
    parts.push_back({task.period.start_ms, fragment.slots});
  }
  // The next period will most probably be cut alike: a guess, which may be wrong.
  const std::vector<int64_t> starts = summaries->aggregator().PeriodStarts();
  const auto later = std::upper_bound(starts.begin(), starts.end(), task.period.start_ms);
  if (later != starts.end() && !parts.empty()) parts.push_back({*later, parts.front().slots});

  AddingUp adding_up(fragments_of_run);
  bool all_added_up = task.fragments.size() == fragments_of_run;
  for (size_t i = 0; i < task.fragments.size(); ++i) {
    const TaskFragment& fragment = task.fragments[i];
    const auto next = i + 1 < parts.size() ? std::optional(parts[i + 1]) : std::nullopt;
    const PartSummary summary = summaries->Take(parts[i], next);
    const FragmentCommit commit{task.run, fragment.no, fragment.token, summary.coverage,
                                all_added_up ? adding_up.Of(summary.rows) : summary.rows};
    TYMBAL_ASSIGN_OR_RETURN(const CommitOutcome outcome, store_->CommitFragment(commit));
    all_added_up = all_added_up && outcome == CommitOutcome::kCommitted;
    TYMBAL_RETURN_IF_ERROR(Await<Status>(loop_, [&](auto done) {
      coordinator_->ReportProgress(commit.run, fragment.no, {fragment.token, ""}, std::move(done));
    }));
  }
  if (!all_added_up) return std::optional<Publication>();
  return adding_up.Finish();
}

/// The master's part: progress is only a hint, the store checks that every fragment is done.
Status RunJob::Publish(RunId run, const std::optional<Publication>& publication) {
  TYMBAL_RETURN_IF_ERROR(publication ? store_->PublishRun(epoch_, run, *publication)
                                     : master::RollUpAndPublish(store_, epoch_, run));
  return Await<Status>(loop_,
                       [this](auto done) { coordinator_->ClearProgress({}, std::move(done)); });
}

}  // namespace tymbal::cli
