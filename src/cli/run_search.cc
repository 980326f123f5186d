#include "cli/run_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
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

/// One call of `tymbal run` on a search server.
class SearchRun {
 public:
  SearchRun(const RunSettings& settings, SearchOpener* opener, const RunOutput& output)
      : settings_(settings),
        opener_(opener),
        progress_(output.err, output.terminal, std::nullopt, SteadyClock::now()),
        notice_(output.err) {
    opener_->set_on_retry([this](const Status& error) { notice_.Say(error); });
  }
  ~SearchRun() { opener_->set_on_retry({}); }
  SearchRun(const SearchRun&) = delete;
  SearchRun& operator=(const SearchRun&) = delete;

  /// Reads a period and adds what it found to the summary.
  Result<std::unique_ptr<worker::Aggregator>> Read(const Period& period, RunSummary* summary);
  void Clear() { progress_.Clear(); }

 private:
  Result<std::unique_ptr<worker::Aggregator>> ReadOnce(worker::SearchSource* source,
                                                       const Period& period, RunSummary* summary);

  const RunSettings& settings_;
  SearchOpener* const opener_;
  RunProgress progress_;
  WaitNotice notice_;
  uint64_t records_ = 0;  // Of the periods before.
};

Result<std::unique_ptr<worker::Aggregator>> SearchRun::Read(const Period& period,
                                                            RunSummary* summary) {
  for (int reads = 1;; ++reads) {
    const std::unique_ptr<worker::SearchSource> source = opener_->OpenSource();
    auto aggregator = ReadOnce(source.get(), period, summary);
    if (aggregator || reads == kReadsMax || source->gave_up() ||
        aggregator.error().code() != StatusCode::kUnavailable) {
      return aggregator;
    }
    notice_.Say(aggregator.error());
  }
}

Result<std::unique_ptr<worker::Aggregator>> SearchRun::ReadOnce(worker::SearchSource* source,
                                                                const Period& period,
                                                                RunSummary* summary) {
  worker::ScanOptions scan{
      .aggregator = settings_.aggregator, .threads = settings_.threads, .on_progress = {}};
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
  summary->filtered += aggregator->filtered();
  summary->inexact_groups += aggregator->inexact_groups();
  // Each reading counts all that are without a time: they are the same ones.
  summary->unplaced = aggregator->unplaced();
  const std::vector<worker::RejectSample> samples = source->RejectSamples();
  summary->samples.insert(summary->samples.end(), samples.begin(), samples.end());
  return aggregator;
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
  SearchRun run(settings, opener.get(), output);
  const int64_t length_ms = settings.aggregator.grid.length_ms();
  for (int64_t start_ms = range.start_ms; start_ms < range.end_ms; start_ms += length_ms) {
    const Period period{start_ms, start_ms + length_ms};
    const auto started = SteadyClock::now();
    const auto aggregator = run.Read(period, &summary);
    summary.read_seconds += std::chrono::duration<double>(SteadyClock::now() - started).count();
    if (!aggregator) {
      run.Clear();
      return aggregator.error().WithContext(
          fmt::format("{}, {}", TimeZone::Utc().FormatShort(start_ms), Printable(opener->index())));
    }
    TYMBAL_ASSIGN_OR_RETURN(
        const std::vector<PeriodOutcome> outcomes,
        CommitPeriods(store.get(), aggregator->get(), settings, summary.source, options.replace));
    summary.periods.insert(summary.periods.end(), outcomes.begin(), outcomes.end());
  }
  run.Clear();
  return summary;
}

}  // namespace tymbal::cli
