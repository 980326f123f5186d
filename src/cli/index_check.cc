#include "cli/index_check.h"

#include <atomic>
#include <memory>
#include <utility>

#include "cli/index_findings.h"
#include "cli/period_range.h"
#include "cli/run_settings.h"
#include "cli/search_opener.h"
#include "common/event_loop.h"

namespace tymbal::cli {
namespace {

/// What is read and how is decided as `tymbal run` does.
Result<RunSettings> SettingsOf(const IndexOptions& options, const Environment& environment) {
  TYMBAL_ASSIGN_OR_RETURN(const Config config, SearchServerConfig(options, environment));
  RunOptions run;
  static_cast<SourceOptions&>(run) = options;
  run.source = config.source_type;
  run.period = options.period;
  return ReadRunSettings(run, environment);
}

}  // namespace

Status CheckIndex(const IndexOptions& options, const Environment& environment, std::ostream& out) {
  TYMBAL_ASSIGN_OR_RETURN(const RunSettings settings, SettingsOf(options, environment));
  TYMBAL_ASSIGN_OR_RETURN(const Period period,
                          PeriodRangeOf({.from = options.from, .to = {}}, settings.aggregator.grid,
                                        settings.config.schedule_delay_ms, EventLoop().NowMs()));
  TYMBAL_ASSIGN_OR_RETURN(const auto opener,
                          SearchOpener::Create(settings.config, settings.profile, environment));
  const std::atomic<bool> never{false};
  const auto client = opener->OpenClient(&never);
  IndexFindings findings{.servers = opener->cluster(),
                         .index = opener->index(),
                         .profile = opener->options().profile,
                         .profile_reason = settings.profile_reason,
                         .page_spans = settings.config.search.page_spans,
                         .look = {},
                         .forecast = {},
                         .no_forecast = {}};
  TYMBAL_ASSIGN_OR_RETURN(findings.look, worker::LookAtIndex(client.get(), opener->options()));
  if (findings.look.layout) {
    TYMBAL_ASSIGN_OR_RETURN(
        const auto forecaster,
        worker::ReadForecaster::Open(client.get(), opener->options(), &findings.look,
                                     {.rate_max = settings.config.search.max_rate}));
    auto forecast = forecaster->Of(period);
    if (forecast) {
      findings.forecast = *forecast;
    } else if (forecast.error().code() == StatusCode::kConflict ||
               forecast.error().code() == StatusCode::kBadInput) {
      findings.no_forecast = forecast.error().message();
    } else {
      return forecast.error();
    }
    TYMBAL_ASSIGN_OR_RETURN(findings.timeless, forecaster->CountTimeless());
  }
  if (options.json) {
    WriteFindingsJson(findings, out);
  } else {
    WriteFindings(findings, out);
  }
  if (!findings.look.layout) return BadInput("the index can't be read: " + findings.look.no_layout);
  if (!findings.look.no_slot_read.empty()) return BadInput(findings.look.no_slot_read);
  return Status::Ok();
}

}  // namespace tymbal::cli
