#include "cli/run_files.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <utility>

#include "cli/commit_periods.h"
#include "cli/open_store.h"
#include "cli/run_progress.h"
#include "worker/file_source.h"
#include "worker/scan.h"

namespace tymbal::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

Result<std::unique_ptr<worker::Aggregator>> ReadSpans(const RunSettings& settings,
                                                      worker::FileSource* source,
                                                      const RunOutput& output) {
  RunProgress progress(output.err, output.terminal, source->total_bytes(), SteadyClock::now());
  worker::ScanOptions options{
      .aggregator = settings.aggregator, .threads = settings.threads, .on_progress = {}};
  options.on_progress = [&](uint64_t records) {
    progress.Show(records, source->consumed_bytes(), SteadyClock::now());
  };
  auto result = worker::Scan(source, worker::SpanQuery{}, options);
  progress.Clear();
  return result;
}

/// Says which records a profile doesn't count.
std::string WhyFiltered(const worker::Profile& profile) {
  std::string kinds;
  for (const std::string& kind : profile.entry_kinds) kinds += (kinds.empty() ? "" : ", ") + kind;
  const std::string of_kinds = "of other kinds than " + kinds + " (--kinds all counts every span)";
  const std::string left_out = "that the profile's 'only' or weight leaves out";
  if (!profile.entry_only) return left_out;
  return profile.only.empty() && profile.weight.empty() ? of_kinds : of_kinds + ", or " + left_out;
}

/// Explains why nothing is published: most probably the profile is not the one of the input.
Status NothingToCount(const worker::Profile& profile, const RunSummary& summary,
                      const RejectCounts& rejected) {
  if (rejected.Total() == 0 && summary.filtered == 0) {
    return BadInput(summary.source + " holds no spans");
  }
  std::string text = fmt::format("no record of {} is a span that counts", summary.source);
  if (rejected.Total() > 0) {
    text += fmt::format("; {} rejected", rejected.Total());
    const worker::RejectSample& sample = summary.samples.front();
    text += fmt::format(", the first one in {}, line {}: {}", sample.file, sample.line,
                        RejectReasonText(sample.reason));
  }
  if (summary.filtered > 0) {
    text += fmt::format("; {} ", summary.filtered) + WhyFiltered(profile);
  }
  return BadInput(text + ". Is " + profile.name + " the right --profile?");
}

}  // namespace

Result<RunSummary> RunFiles(const RunOptions& options, const RunSettings& settings,
                            const RunOutput& output) {
  const worker::Profile& profile = settings.profile;
  if (!settings.profile_reason.empty()) {
    *output.err << "Profile " << profile.name << ": " << settings.profile_reason << ".\n";
  }
  TYMBAL_ASSIGN_OR_RETURN(
      const auto source,
      worker::FileSource::Create(
          {.paths = options.inputs, .profile = profile, .strict = options.strict}));
  // Before the reading: a store that can't be used should not cost an hour.
  TYMBAL_ASSIGN_OR_RETURN(const auto store, OpenResultStore(settings.store, /*create=*/true));

  RunSummary summary;
  summary.store = settings.store;
  summary.source = source->Describe();
  const auto started = SteadyClock::now();
  TYMBAL_ASSIGN_OR_RETURN(const auto aggregator, ReadSpans(settings, source.get(), output));
  summary.read_seconds = std::chrono::duration<double>(SteadyClock::now() - started).count();
  summary.filtered = aggregator->filtered();
  summary.unplaced = aggregator->unplaced();
  summary.inexact_groups = aggregator->inexact_groups();
  summary.samples = source->RejectSamples();
  summary.empty_files = source->EmptyFiles();
  Coverage coverage;
  for (const int64_t start_ms : aggregator->PeriodStarts()) {
    coverage.Merge(aggregator->PeriodCoverage(start_ms));
  }
  if (coverage.read == coverage.rejected.Total()) {
    coverage.rejected.Merge(summary.unplaced);
    return NothingToCount(profile, summary, coverage.rejected);
  }

  TYMBAL_ASSIGN_OR_RETURN(summary.periods, CommitPeriods(store.get(), aggregator.get(), settings,
                                                         summary.source, options.replace));
  return summary;
}

}  // namespace tymbal::cli
