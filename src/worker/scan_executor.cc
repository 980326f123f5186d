#include "worker/scan_executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/period.h"
#include "worker/scan.h"

namespace tymbal::worker {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBackOffFirst{200};
constexpr milliseconds kBackOffMax{5'000};

}  // namespace

ScanExecutor::ScanExecutor(ScanExecutorOptions options, SourceOpener source, StoreOpener store,
                           Clock* loop)
    : options_(std::move(options)),
      open_source_(std::move(source)),
      open_store_(std::move(store)),
      loop_(loop),
      thread_([this] { Run(); }) {}

ScanExecutor::~ScanExecutor() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    cancel_scan_ = true;
    for (const auto& job : running_) job->cancelled = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ScanExecutor::Start(const FragmentWork& work, Done done) {
  auto job = std::make_shared<Job>();
  job->work = work;
  job->done = std::move(done);
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(job));
  changed_.notify_all();
}

void ScanExecutor::Cancel(RunId run, int32_t fragment_no, Token token) {
  const auto is_it = [&](const std::shared_ptr<Job>& job) {
    return job->work.run == run && job->work.no == fragment_no && job->work.token == token;
  };
  const std::lock_guard lock(mutex_);
  const auto queued = std::find_if(queue_.begin(), queue_.end(), is_it);
  if (queued != queue_.end()) {
    loop_->Post([done = std::move((*queued)->done)] { done(Unavailable("cancelled")); });
    queue_.erase(queued);
    return;
  }
  for (const auto& job : running_) {
    if (is_it(job)) job->cancelled = true;
  }
  cancel_scan_ = std::all_of(running_.begin(), running_.end(),
                             [](const auto& job) { return job->cancelled.load(); });
  changed_.notify_all();
}

void ScanExecutor::Run() {
  while (true) {
    const Jobs jobs = TakeJobs();
    if (jobs.empty()) return;
    Execute(jobs);
    const std::lock_guard lock(mutex_);
    running_.clear();
  }
}

/// Waits for work and takes all that is of the same period as the oldest; nothing: stop.
ScanExecutor::Jobs ScanExecutor::TakeJobs() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  if (stopping_) return {};
  const FragmentWork first = queue_.front()->work;
  std::erase_if(queue_, [&](const std::shared_ptr<Job>& job) {
    if (job->work.run != first.run || job->work.period != first.period) return false;
    running_.push_back(job);
    return true;
  });
  cancel_scan_ = false;
  return running_;
}

void ScanExecutor::Execute(const Jobs& jobs) {
  const auto run = Patiently<RunRecord>(
      [&](ResultStore& store) { return store.ReadRun(jobs.front()->work.run); });
  if (run) DropSettled(*run, jobs);
  Jobs left;
  for (const auto& job : jobs) {
    if (!run) {
      End(job.get(), run.error().WithContext("reading the ledger"));
    } else if (!job->ended) {
      left.push_back(job);
    }
  }
  if (left.empty()) return;
  const auto aggregator = Read(left);
  for (const auto& job : left) {
    if (!aggregator) {
      End(job.get(), aggregator.error());
    } else if (job->cancelled) {
      End(job.get(), Unavailable("cancelled"));
    } else {
      End(job.get(), Commit(aggregator->get(), job->work));
    }
  }
}

/// What is done already, or is another's by now, needs no reading.
void ScanExecutor::DropSettled(const RunRecord& run, const Jobs& jobs) {
  for (const auto& job : jobs) {
    const auto no = static_cast<size_t>(job->work.no);
    if (no >= run.fragments.size() || run.fragments[no].token != job->work.token) {
      End(job.get(), Fenced("the fragment was handed over"));
    } else if (run.fragments[no].state == FragmentState::kDone) {
      End(job.get(), CommitOutcome::kAlreadyCommitted);
    } else if (run.state != RunState::kOpen) {
      End(job.get(), Fenced(fmt::format("the run is {}", RunStateName(run.state))));
    }
  }
}

/// Reads the slots of all fragments at once, and no others.
Result<std::unique_ptr<Aggregator>> ScanExecutor::Read(const Jobs& jobs) {
  const FragmentWork& work = jobs.front()->work;
  std::vector<SlotRange> ranges;
  for (const auto& job : jobs) ranges.push_back(job->work.slots);
  const SlotSet slots(std::move(ranges));
  const int64_t length_ms = work.period.end_ms - work.period.start_ms;
  int64_t offset_ms = work.period.start_ms % length_ms;
  if (offset_ms < 0) offset_ms += length_ms;
  TYMBAL_ASSIGN_OR_RETURN(const PeriodGrid grid, PeriodGrid::Create(length_ms, offset_ms));
  TYMBAL_ASSIGN_OR_RETURN(const std::unique_ptr<SpanSource> source, open_source_(work.period));
  ScanOptions scan{.aggregator = options_.aggregator, .on_progress = {}};
  scan.aggregator.grid = grid;
  scan.aggregator.slots = slots;
  scan.aggregator.slot_count = work.slot_count;
  scan.threads = options_.threads;
  scan.cancel = &cancel_scan_;
  uint64_t before = 0;
  scan.on_progress = [this, &before](uint64_t records) {
    spans_read_ += records - before;
    before = records;
  };
  return Scan(source.get(), {work.period, slots, work.slot_count}, scan);
}

Result<CommitOutcome> ScanExecutor::Commit(Aggregator* aggregator, const FragmentWork& work) {
  const std::vector<int64_t> starts = aggregator->PeriodStarts();
  const bool holds = std::find(starts.begin(), starts.end(), work.period.start_ms) != starts.end();
  FragmentResult result;
  if (holds) {
    TYMBAL_ASSIGN_OR_RETURN(result, aggregator->Summarize(work.period.start_ms, work.slots));
  }
  FragmentCommit commit;
  commit.run = work.run;
  commit.fragment_no = work.no;
  commit.token = work.token;
  commit.coverage = result.coverage;
  commit.rows = &result.rows;
  // As rejected records do, those without a period belong to the slot of the empty endpoint.
  if (work.slots.Contains(SlotOf("", "", "", work.slot_count))) {
    commit.unplaced = aggregator->unplaced().Total();
  }
  return Patiently<CommitOutcome>(
      [&commit](ResultStore& store) { return store.CommitFragment(commit); });
}

/// Repeats a call while its error passes; a commit that happened without our hearing of it is found
/// by the next try.
template <typename T>
Result<T> ScanExecutor::Patiently(const std::function<Result<T>(ResultStore&)>& call) {
  milliseconds waited{0};
  milliseconds wait = kBackOffFirst;
  while (true) {
    const Result<ResultStore*> store = Store();
    Result<T> result = store ? call(**store) : Result<T>(store.error());
    if (result || result.error().error_class() == ErrorClass::kPermanent ||
        waited >= options_.store_patience) {
      return result;
    }
    if (WaitOrStop(wait)) return Unavailable("cancelled");
    waited += wait;
    wait = std::min(2 * wait, kBackOffMax);
  }
}

Result<ResultStore*> ScanExecutor::Store() {
  if (store_ == nullptr) {
    TYMBAL_ASSIGN_OR_RETURN(store_, open_store_());
  }
  return store_.get();
}

void ScanExecutor::End(Job* job, Result<CommitOutcome> outcome) {
  job->ended = true;
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  loop_->Post([done = std::move(job->done), outcome = std::move(outcome)] { done(outcome); });
}

/// Returns true when all is cancelled, which ends the wait.
bool ScanExecutor::WaitOrStop(milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return stopping_ || cancel_scan_.load(); });
}

}  // namespace tymbal::worker
