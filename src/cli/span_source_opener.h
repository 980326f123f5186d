#pragma once

#include <cstdint>
#include <functional>

#include "cli/run_settings.h"
#include "common/config.h"
#include "common/status.h"
#include "node/slot_weights_thread.h"
#include "worker/scan_executor.h"

namespace tymbal::cli {

/// The place where spans come from, to those who read it. All functions share its limits on
/// requests.
struct SpanPlace {
  worker::SourceOpener open;
  std::function<void(uint32_t nodes)> on_nodes;  ///< May be empty, as the next one.
  node::SlotCounter count_slots;
};

/// Returns the configured place: the files of a pattern, or a search server. Errors:
/// kInvalidArgument naming the key.
Result<SpanPlace> FindSpans(const RunSettings& settings, const Environment& environment);

}  // namespace tymbal::cli
