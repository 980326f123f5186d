#include "cli/run_explain.h"

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <vector>

#include "cli/period_range.h"
#include "cli/read_cost_text.h"
#include "cli/search_opener.h"
#include "common/event_loop.h"
#include "common/text.h"
#include "common/time_text.h"
#include "report/number_format.h"
#include "worker/index_look.h"
#include "worker/read_forecast.h"

namespace tymbal::cli {
namespace {

using worker::ReadForecast;

/// More periods than this are summed up.
constexpr size_t kPeriodsShown = 24;
/// Version, indices, mappings, settings, the point in time and its end, and what is without a time.
constexpr uint64_t kRequestsAround = 7;

ReadForecast Sum(const std::vector<ReadForecast>& forecasts) {
  ReadForecast sum{.range = {forecasts.front().range.start_ms, forecasts.back().range.end_ms}};
  for (const ReadForecast& one : forecasts) {
    sum.records += one.records;
    sum.slotless += one.slotless;
    sum.requests += one.requests;
    sum.bytes += one.bytes;
    sum.seconds += one.seconds;
  }
  return sum;
}

std::string Row(std::string_view name, const ReadForecast& forecast) {
  return fmt::format("{:<26} {:>12} {:>10} {:>12} {:>10}\n", name,
                     report::FormatExact(forecast.records), report::FormatExact(forecast.requests),
                     FormatBytes(forecast.bytes), FormatEstimate(forecast.seconds));
}

/// What was found out, to be told.
struct Explanation {
  const SearchOpener& opener;
  const RunSettings& settings;
  const worker::IndexLook& look;
  worker::ReadWay way;
  std::vector<ReadForecast> periods;
};

void WriteText(const Explanation& explanation, std::ostream& out) {
  const worker::IndexLook& look = explanation.look;
  const TimeZone utc = TimeZone::Utc();
  out << fmt::format("Would read {} of {} ({}) with the profile {}: {}, {}.\n\n",
                     Printable(explanation.opener.index()), explanation.opener.cluster(),
                     look.version.Text(), explanation.settings.profile.name,
                     Counted(look.indices.open.size(), "index", "indices"),
                     Counted(static_cast<uint64_t>(look.indices.shards), "shard", "shards"));
  out << fmt::format("{:<26} {:>12} {:>10} {:>12} {:>10}\n", "period", "spans", "requests", "bytes",
                     "time");
  const size_t shown = std::min(explanation.periods.size(), kPeriodsShown);
  for (size_t i = 0; i < shown; ++i) {
    const ReadForecast& one = explanation.periods[i];
    out << Row(utc.FormatShort(one.range.start_ms), one);
  }
  if (shown < explanation.periods.size()) {
    out << fmt::format("and {} periods more, up to {}\n", explanation.periods.size() - shown,
                       utc.FormatShort(explanation.periods.back().range.start_ms));
  }
  if (explanation.periods.size() > 1) out << Row("all of them", Sum(explanation.periods));
  out << fmt::format(
      "\nRead as: {}, {} requests at a time{}. About {} requests more for each period, which bring "
      "no "
      "spans.\nThe spans were counted; bytes and time are estimates, from a few spans of each "
      "period "
      "and from\nmeasurements on other machines. Nothing else was read, nothing was written.\n",
      worker::ReadWayName(explanation.way), explanation.settings.config.search.requests,
      explanation.settings.config.search.max_rate == 0
          ? ""
          : fmt::format(", at most {} spans a second",
                        report::FormatExact(explanation.settings.config.search.max_rate)),
      kRequestsAround + 1);
}

void WriteJson(const Explanation& explanation, std::ostream& out) {
  std::string periods;
  for (const ReadForecast& one : explanation.periods) {
    periods += (periods.empty() ? "" : ",") + ForecastJson(one);
  }
  out << fmt::format(
             R"({{"index":{},"servers":{},"version":{},"profile":{},"indices":{},"shards":{},"read":"{}",)"
             R"("total":{},"periods":[{}]}})",
             JsonQuote(explanation.opener.index()), JsonQuote(explanation.opener.cluster()),
             JsonQuote(explanation.look.version.Text()),
             JsonQuote(explanation.settings.profile.name), explanation.look.indices.open.size(),
             explanation.look.indices.shards, worker::ReadWayName(explanation.way),
             ForecastJson(Sum(explanation.periods)), periods)
      << '\n';
}

}  // namespace

Status ExplainSearch(const RunOptions& options, const RunSettings& settings,
                     const Environment& environment, const RunOutput& output) {
  const PeriodGrid& grid = settings.aggregator.grid;
  TYMBAL_ASSIGN_OR_RETURN(const Period range,
                          PeriodRangeOf({.from = options.from, .to = options.to}, grid,
                                        settings.config.schedule_delay_ms, EventLoop().NowMs()));
  TYMBAL_ASSIGN_OR_RETURN(const auto opener,
                          SearchOpener::Create(settings.config, settings.profile, environment));
  const std::atomic<bool> never{false};
  const auto client = opener->OpenClient(&never);
  TYMBAL_ASSIGN_OR_RETURN(const worker::IndexLook look,
                          worker::LookAtIndex(client.get(), opener->options()));
  if (!look.layout) return BadInput(look.no_layout);
  TYMBAL_ASSIGN_OR_RETURN(
      const auto forecaster,
      worker::ReadForecaster::Open(client.get(), opener->options(), &look,
                                   {.rate_max = settings.config.search.max_rate}));
  Explanation explanation{*opener, settings, look, forecaster->way(), {}};
  for (int64_t start_ms = range.start_ms; start_ms < range.end_ms; start_ms += grid.length_ms()) {
    auto forecast = forecaster->Of(grid.PeriodAt(start_ms));
    if (!forecast) return forecast.error().WithContext(TimeZone::Utc().FormatShort(start_ms));
    explanation.periods.push_back(*forecast);
  }
  if (options.json) {
    WriteJson(explanation, *output.out);
  } else {
    WriteText(explanation, *output.out);
  }
  return Status::Ok();
}

}  // namespace tymbal::cli
