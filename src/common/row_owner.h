#pragma once

#include <cstdint>
#include <optional>

#include "common/ids.h"
#include "common/result_store.h"

namespace tymbal {

/// What the rows of one write have in common.
struct RowOwner {
  RunId run;
  int64_t period_start_ms = 0;
  std::optional<int32_t> fragment_no = std::nullopt;  ///< None: rows of services and apps.
  Token token = {};                                   ///< Of the fragment, if there is one.
  int64_t now_ms = 0;                                 ///< For endpoints that are new.
};

/// Returns the owner of the rows of a commit, in a period that begins at `period_start_ms`.
inline RowOwner OwnerOf(const FragmentCommit& commit, int64_t period_start_ms, int64_t now_ms) {
  return {commit.run, period_start_ms, commit.fragment_no, commit.token, now_ms};
}

}  // namespace tymbal
