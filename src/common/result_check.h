#pragma once

#include <string>
#include <vector>

#include "common/endpoint_stat.h"
#include "common/result_store.h"
#include "common/status.h"

namespace tymbal {

/// What every result store checks before it writes anything, so that all of them refuse the same
/// things with the same words. Pure functions. All errors are kInternal: they are our own mistakes
/// or a collision of ids, and the values, not the store, are at fault.

/// The fragments tile [0, slots) in order (I2), the period isn't empty.
Status CheckPlan(const RunPlan& plan);

/// What the rows of a commit add up to.
struct CommitTotals {
  uint64_t rows = 0;
  uint64_t calls = 0;
};

/// The coverage can be stored; what doesn't need the rows.
Status CheckCommit(const FragmentCommit& commit);

/// Calls `write` with the rows of a commit, each of which has been checked: they are methods in
/// strictly ascending order of endpoint_id; values and names can be stored. Errors besides: those
/// of `write` and of who computes the rows. The store must undo what was written before.
Result<CommitTotals> WriteChecked(const FragmentCommit& commit, const RowFeed::Take& write);

/// The rows are services and apps without slow calls, each once, in any order; values and names can
/// be stored.
Status CheckRollup(const std::vector<StatRow>& rows);

/// Returns how errors call an endpoint, for instance: method "web" "cart" "GET /". Long names are
/// cut.
std::string Describe(Level level, const EndpointName& name);

/// The error for two endpoints with one id: names both.
Status CollisionError(const StatRow& row, Level other_level, const EndpointName& other);

}  // namespace tymbal
