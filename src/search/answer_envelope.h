#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/status.h"

namespace tymbal::search {

/// What an answer says about how whole it is: HTTP 200 alone says nothing.
struct AnswerEnvelope {
  bool timed_out = false;
  bool has_shards = false;
  int64_t shards_total = 0;
  int64_t shards_successful = 0;
  int64_t shards_failed = 0;
  int64_t clusters_skipped = 0;
  int64_t clusters_partial = 0;
  std::string first_failure;  ///< Why a shard failed, with its index and number; empty: not said.
  std::optional<uint64_t> hits_total;
  bool hits_total_exact = true;  ///< `relation` is "eq".
  std::string point_in_time;     ///< The id to use next; empty: not said.
};

/// Returns Ok only when all shards of all clusters answered in full. `failed == 0` is not enough: a
/// shard without a live copy is neither successful nor failed nor skipped. `terminated_early` says
/// nothing: we never ask for it (`terminate_after`), but OpenSearch 3 sets it in every aggregation
/// without hits, and Elasticsearch in pages of a scroll. Errors: kUnavailable,
/// naming index and shard and the cure: a node may come back.
Status CheckWhole(const AnswerEnvelope& envelope);

}  // namespace tymbal::search
