#pragma once

#include <ostream>

#include "cli/cluster_status.h"

namespace tymbal::cli {

/// Writes a status for people: tables, ages instead of times, what is wrong at the end.
void WriteStatusText(const ClusterStatus& status, std::ostream& out);

}  // namespace tymbal::cli
