#include "common/result_store.h"

namespace tymbal {

std::string_view RunStateName(RunState state) {
  switch (state) {
    case RunState::kOpen:
      return "open";
    case RunState::kPublished:
      return "published";
    case RunState::kSuperseded:
      return "superseded";
    case RunState::kFailed:
      return "failed";
  }
  return "";
}

}  // namespace tymbal
