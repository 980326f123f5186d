#pragma once

#include <ostream>

#include "cli/cluster_status.h"

namespace tymbal::cli {

/// Writes a status for machines: one JSON object, times in ms since 1970-01-01 UTC.
void WriteStatusJson(const ClusterStatus& status, std::ostream& out);

}  // namespace tymbal::cli
