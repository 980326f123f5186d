#include "cli/run_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "common/text.h"
#include "common/time_text.h"
#include "report/number_format.h"

namespace tymbal::cli {
namespace {

/// More periods than this are summed up: the report shows them all.
constexpr size_t kPeriodsShown = 24;
constexpr size_t kExcerptShown = 100;

std::string_view ActionName(PeriodAction action) {
  switch (action) {
    case PeriodAction::kPublished:
      return "published";
    case PeriodAction::kReplaced:
      return "replaced";
    case PeriodAction::kUnchanged:
      return "unchanged";
  }
  return "";
}

/// "1 record", "2 records".
std::string Number(uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", report::FormatExact(count), noun, count == 1 ? "" : "s");
}

void WritePeriods(const RunSummary& summary, std::ostream& out) {
  const TimeZone utc = TimeZone::Utc();
  out << fmt::format("\n{:<26} {:>12} {:>10} {:>10} {:>10}  {}\n", "period", "calls", "errors",
                     "methods", "rejected", "results");
  const size_t shown = std::min(summary.periods.size(), kPeriodsShown);
  for (size_t i = 0; i < shown; ++i) {
    const PeriodOutcome& p = summary.periods[i];
    out << fmt::format("{:<26} {:>12} {:>10} {:>10} {:>10}  {}\n",
                       utc.FormatShort(p.period.start_ms), report::FormatExact(p.calls),
                       report::FormatExact(p.errors), report::FormatExact(p.endpoints),
                       report::FormatExact(p.coverage.rejected.Total()), ActionName(p.action));
  }
  if (shown < summary.periods.size()) {
    out << fmt::format("and {} periods more, up to {}\n", summary.periods.size() - shown,
                       utc.FormatShort(summary.periods.back().period.start_ms));
  }
}

std::string PlaceOf(const worker::RejectSample& sample) {
  const std::string file = Printable(sample.file);
  return sample.line == 0 ? file : fmt::format("{}:{}", file, sample.line);
}

void WriteRejected(const RunSummary& summary, std::ostream& out) {
  const RejectCounts rejected = summary.Rejected();
  if (rejected.Total() == 0) return;
  out << fmt::format("\nrejected {}", Number(rejected.Total(), "record"));
  if (summary.unplaced.Total() > 0) {
    out << fmt::format("; no usable start, so in no period: {}",
                       report::FormatExact(summary.unplaced.Total()));
  }
  out << ":\n";
  for (size_t i = 0; i < kRejectReasons; ++i) {
    const auto reason = static_cast<RejectReason>(i);
    if (rejected[reason] == 0) continue;
    out << fmt::format("  {} x {}: {}\n", report::FormatExact(rejected[reason]),
                       RejectReasonName(reason), RejectReasonText(reason));
    for (const worker::RejectSample& sample : summary.samples) {
      if (sample.reason != reason) continue;
      out << fmt::format("      {}: {}{}\n", PlaceOf(sample),
                         Printable(sample.excerpt.substr(0, kExcerptShown)),
                         sample.excerpt.size() > kExcerptShown ? "…" : "");
    }
  }
}

std::string ReasonsJson(const RejectCounts& counts) {
  std::string json;
  for (size_t i = 0; i < kRejectReasons; ++i) {
    if (counts.by_reason[i] == 0) continue;
    json += fmt::format("{}\"{}\":{}", json.empty() ? "" : ",",
                        RejectReasonName(static_cast<RejectReason>(i)), counts.by_reason[i]);
  }
  return "{" + json + "}";
}

}  // namespace

RejectCounts RunSummary::Rejected() const {
  RejectCounts rejected = unplaced;
  for (const PeriodOutcome& period : periods) rejected.Merge(period.coverage.rejected);
  return rejected;
}

uint64_t RunSummary::Counted() const {
  uint64_t counted = 0;
  for (const PeriodOutcome& period : periods) {
    counted += period.coverage.read - period.coverage.rejected.Total();
  }
  return counted;
}

void WriteSummary(const RunSummary& summary, std::ostream& out) {
  const uint64_t counted = summary.Counted();
  const uint64_t rejected = summary.Rejected().Total();
  const uint64_t records = counted + rejected + summary.filtered;
  out << fmt::format("Read {} of {} in {:.2f} s ({}/s): {} counted, {} rejected",
                     Number(records, "record"), Printable(summary.source), summary.read_seconds,
                     report::FormatCount(static_cast<uint64_t>(
                         static_cast<double>(records) / std::max(summary.read_seconds, 1e-3))),
                     Number(counted, "span"), report::FormatExact(rejected));
  if (summary.filtered > 0) {
    out << fmt::format(", {} of other kinds", report::FormatExact(summary.filtered));
  }
  out << ".\n";
  for (const std::string& file : summary.empty_files) {
    out << fmt::format("{} holds no records.\n", Printable(file));
  }
  for (const std::string& warning : summary.warnings) {
    out << fmt::format("Warning: {}.\n", Printable(warning));
  }
  WritePeriods(summary, out);
  WriteRejected(summary, out);
  if (summary.inexact_groups > 0) {
    out << fmt::format(
        "\n{} methods had more durations than the memory limit allows: their percentiles come from "
        "a histogram (error <= 0.5 %). For exact ones: --memory-limit, with --replace.\n",
        report::FormatExact(summary.inexact_groups));
  }
  out << fmt::format("\nResults are in {}. Next: tymbal report methods --store {}\n",
                     Printable(summary.store), Printable(summary.store));
}

void WriteSummaryJson(const RunSummary& summary, std::ostream& out) {
  const TimeZone utc = TimeZone::Utc();
  const RejectCounts rejected = summary.Rejected();
  out << fmt::format(
      "{{\"store\":{},\"source\":{},\"read_seconds\":{:.3f},\"counted\":{},\"rejected\":{},"
      "\"rejected_by_reason\":{},\"unplaced\":{},\"filtered\":{},\"inexact_methods\":{},"
      "\"periods\":[",
      JsonQuote(summary.store), JsonQuote(summary.source), summary.read_seconds, summary.Counted(),
      rejected.Total(), ReasonsJson(rejected), summary.unplaced.Total(), summary.filtered,
      summary.inexact_groups);
  std::string_view separator = "";
  for (const PeriodOutcome& p : summary.periods) {
    out << separator
        << fmt::format(
               "{{\"period_start\":\"{}\",\"period_end\":\"{}\",\"results\":\"{}\",\"run_id\":{},"
               "\"calls\":{},\"errors\":{},\"methods\":{},\"spans_read\":{},"
               "\"spans_rejected\":{}}}",
               utc.Format(p.period.start_ms), utc.Format(p.period.end_ms), ActionName(p.action),
               p.run.value, p.calls, p.errors, p.endpoints, p.coverage.read,
               p.coverage.rejected.Total());
    separator = ",";
  }
  out << "],\"rejected_samples\":[";
  separator = "";
  for (const worker::RejectSample& sample : summary.samples) {
    out << separator
        << fmt::format("{{\"file\":{},\"line\":{},\"reason\":\"{}\"}}", JsonQuote(sample.file),
                       sample.line, RejectReasonName(sample.reason));
    separator = ",";
  }
  out << "]}\n";
}

}  // namespace tymbal::cli
