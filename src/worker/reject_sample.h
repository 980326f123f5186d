#pragma once

#include <cstdint>
#include <string>

#include "common/coverage.h"

namespace tymbal::worker {

/// A rejected record, to show to people.
struct RejectSample {
  std::string file;   ///< Or, of a search server, "index/id" of the document.
  uint64_t line = 0;  ///< From 1; 0: it has none.
  RejectReason reason = RejectReason::kMalformed;
  std::string excerpt;  ///< Its first bytes, as they are: not safe to print.
};

}  // namespace tymbal::worker
