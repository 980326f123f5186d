#include "cli/commit_periods.h"

#include <fmt/format.h>
#include <unistd.h>

#include "common/event_loop.h"
#include "common/local_coordinator.h"

namespace tymbal::cli {

Result<std::vector<PeriodOutcome>> CommitPeriods(ResultStore* store, worker::Aggregator* aggregator,
                                                 const RunSettings& settings,
                                                 const std::string& source, bool replace) {
  EventLoop loop;
  LocalCoordinator coordinator(&loop);
  Member self;
  self.node = {"local"};
  self.incarnation = fmt::format("{}-{}", getpid(), loop.NowMs());
  self.host = "localhost";
  self.version = TYMBAL_VERSION;
  RunJob job(&loop, &coordinator, store,
             {.self = self,
              .settings = settings.Describe(aggregator->inexact_groups() > 0),
              .source = source,
              .replace = replace});
  return job.Commit(aggregator);
}

}  // namespace tymbal::cli
