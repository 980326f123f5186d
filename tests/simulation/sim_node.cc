#include "simulation/sim_node.h"

#include <utility>

namespace tymbal::testing {

void SimLog::Write(LogLevel level, std::string line) {
  world_->Trace(name_, line);
  // A period that the simulated source fails is a person's to look at; nothing else is.
  if (level == LogLevel::kError && !line.starts_with("period failed")) {
    checkers_->OnErrorLine(name_ + ": " + line);
  }
}

SimNode::SimNode(const SimShared& shared, const node::NodeOptions& options, int64_t skew_ms)
    : process_(shared.world, options.self.node.value, skew_ms),
      log_(shared.world, process_.name(), shared.checkers),
      zookeeper_({.root = kSimRoot}, shared.server->Factory(process_.name(), &process_), &process_),
      coordinator_(process_.name(), &zookeeper_, &process_, shared.checkers),
      store_(&process_, shared.results, shared.store_faults),
      executor_(&process_, shared.results, shared.spans, shared.store_faults, shared.source_faults,
                shared.checkers),
      weights_(&process_, shared.source_faults),
      node_(options, &process_, &coordinator_, &store_, &executor_, &weights_, &log_,
            [name = process_.name(), checkers = shared.checkers](const Status& reason) {
              checkers->Fail(name + " has given up: " + reason.message());
            }) {
  process_.Post([this] { node_.Start(); });
}

}  // namespace tymbal::testing
