#include "cli/run_search.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <ostream>
#include <utility>

#include "cli/commit_periods.h"
#include "cli/environment.h"
#include "cli/open_store.h"
#include "cli/period_range.h"
#include "cli/run_progress.h"
#include "cli/search_opener.h"
#include "common/event_loop.h"
#include "common/text.h"
#include "common/time_text.h"
#include "worker/scan.h"

namespace tymbal::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// A period is read anew as a whole when what passes has got in its way: a point in time that is
/// lost, an index that was made meanwhile.
constexpr int kReadsMax = 3;
constexpr std::chrono::seconds kNoticeInterval{10};

/// Says on standard error that a server lets us wait, not too often. Thread: any.
class WaitNotice {
 public:
  explicit WaitNotice(std::ostream* err) : err_(err) {}

  void Say(const Status& error) {
    const std::lock_guard lock(mutex_);
    const auto now = SteadyClock::now();
    if (now < next_) return;
    next_ = now + kNoticeInterval;
    *err_ << "tymbal run: trying again: " << PrintableLines(error.message()) << std::endl;
  }

 private:
  std::ostream* const err_;
  std::mutex mutex_;
  SteadyClock::time_point next_{};  // Guarded by mutex_.
};

/// What reading a period has brought.
struct PeriodRead {
  std::unique_ptr<worker::Aggregator> aggregator;
  std::vector<worker::RejectSample> samples;
  double seconds = 0;
};

/// One call of `tymbal run` on a search server. Reads the periods one after the other, each on a
/// thread of its own, while the store writes the one before.
class SearchRun {
 public:
  /// `memory_limit`: of a period.
  SearchRun(const RunSettings& settings, size_t memory_limit, SearchOpener* opener,
            const RunOutput& output)
      : settings_(settings),
        memory_limit_(memory_limit),
        opener_(opener),
        progress_(output.err, output.terminal, std::nullopt, SteadyClock::now()),
        notice_(output.err) {
    opener_->set_on_retry([this](const Status& error) { notice_.Say(error); });
  }
  /// Gives up what is being read.
  ~SearchRun() {
    cancel_ = true;
    if (pending_.valid()) pending_.wait();
    progress_.Clear();
    opener_->set_on_retry({});
  }
  SearchRun(const SearchRun&) = delete;
  SearchRun& operator=(const SearchRun&) = delete;

  /// Begins to read a period. REQUIRES: the one before was taken.
  void Begin(const Period& period) {
    pending_ = std::async(std::launch::async, [this, period] { return Read(period); });
  }
  /// Waits for what was begun.
  Result<PeriodRead> Take() { return pending_.get(); }

 private:
  Result<PeriodRead> Read(const Period& period);
  Result<PeriodRead> ReadOnce(worker::SearchSource* source, const Period& period);

  const RunSettings& settings_;
  const size_t memory_limit_;
  SearchOpener* const opener_;
  std::atomic<bool> cancel_{false};
  // Of the thread that reads; there is one at a time.
  RunProgress progress_;
  uint64_t records_ = 0;  // Of the periods before.
  WaitNotice notice_;
  std::future<Result<PeriodRead>> pending_;
};

Result<PeriodRead> SearchRun::Read(const Period& period) {
  const auto started = SteadyClock::now();
  for (int reads = 1;; ++reads) {
    const std::unique_ptr<worker::SearchSource> source = opener_->OpenSource();
    auto read = ReadOnce(source.get(), period);
    if (read) read->seconds = std::chrono::duration<double>(SteadyClock::now() - started).count();
    if (read || reads == kReadsMax || source->gave_up() || cancel_ ||
        read.error().code() != StatusCode::kUnavailable) {
      return read;
    }
    notice_.Say(read.error());
  }
}

Result<PeriodRead> SearchRun::ReadOnce(worker::SearchSource* source, const Period& period) {
  worker::ScanOptions scan{
      .aggregator = settings_.aggregator, .threads = settings_.threads, .on_progress = {}};
  scan.aggregator.memory_limit_bytes = memory_limit_;
  scan.cancel = &cancel_;
  uint64_t records = 0;
  scan.on_progress = [&](uint64_t so_far) {
    records = so_far;
    progress_.Show(records_ + records, 0, SteadyClock::now());
  };
  worker::SpanQuery query;
  query.range = period;
  TYMBAL_ASSIGN_OR_RETURN(auto aggregator, worker::Scan(source, query, scan));
  records_ += records;
  aggregator->BeginPeriod(period.start_ms);
  return PeriodRead{std::move(aggregator), source->RejectSamples()};
}

/// Adds what was read of a period to the summary.
void AddTo(RunSummary* summary, const PeriodRead& read) {
  summary->read_seconds += read.seconds;
  summary->filtered += read.aggregator->filtered();
  summary->inexact_groups += read.aggregator->inexact_groups();
  // Each reading counts all that are without a time: they are the same ones.
  summary->unplaced = read.aggregator->unplaced();
  summary->samples.insert(summary->samples.end(), read.samples.begin(), read.samples.end());
}

}  // namespace

Result<RunSummary> RunSearch(const RunOptions& options, const RunSettings& settings,
                             const Environment& environment, const RunOutput& output) {
  TYMBAL_ASSIGN_OR_RETURN(
      const Period range,
      PeriodRangeOf({.from = options.from, .to = options.to}, settings.aggregator.grid,
                    settings.config.schedule_delay_ms, EventLoop().NowMs()));
  TYMBAL_ASSIGN_OR_RETURN(const auto opener,
                          SearchOpener::Create(settings.config, settings.profile, environment));
  TYMBAL_ASSIGN_OR_RETURN(const auto store, OpenResultStore(settings.store, /*create=*/true));
  if (opener->shows_credentials()) {
    *output.err << "tymbal run: who listens on the network reads the password or key; write "
                   "https:// in source.elasticsearch.hosts"
                << std::endl;
  }
  RunSummary summary;
  summary.store = settings.store;
  summary.source = opener->index() + " of " + opener->cluster();
  const int64_t length_ms = settings.aggregator.grid.length_ms();
  const bool several = range.end_ms - range.start_ms > length_ms;  // Then two are in memory.
  SearchRun run(settings, settings.aggregator.memory_limit_bytes / (several ? 2 : 1), opener.get(),
                output);
  run.Begin({range.start_ms, range.start_ms + length_ms});
  for (int64_t start_ms = range.start_ms; start_ms < range.end_ms; start_ms += length_ms) {
    const Result<PeriodRead> read = run.Take();
    if (!read) {
      return read.error().WithContext(
          fmt::format("{}, {}", TimeZone::Utc().FormatShort(start_ms), Printable(opener->index())));
    }
    const int64_t next_ms = start_ms + length_ms;
    if (next_ms < range.end_ms) run.Begin({next_ms, next_ms + length_ms});
    AddTo(&summary, *read);
    TYMBAL_ASSIGN_OR_RETURN(const std::vector<PeriodOutcome> outcomes,
                            CommitPeriods(store.get(), read->aggregator.get(), settings,
                                          summary.source, options.replace));
    summary.periods.insert(summary.periods.end(), outcomes.begin(), outcomes.end());
  }
  return summary;
}

}  // namespace tymbal::cli
