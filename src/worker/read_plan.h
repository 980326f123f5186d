#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/slot_set.h"
#include "worker/endpoint_listing.h"
#include "worker/index_layout.h"
#include "worker/profile.h"

namespace tymbal::worker {

/// Some of the records of a query, told apart from the others by a filter.
struct ReadPart {
  /// Clauses beside the time range, each with a comma before it; empty: none.
  std::string clauses;
  /// Whether its records of the query's own slots are part of ReadPlan::own.
  bool counts_own = false;
  /// Whether it must bring no records but of the query's own slots.
  bool own_only = false;
  /// Whether its records may be made of columns; else they need the whole document.
  bool columns = false;
  /// Whether all its records are of one index.
  bool one_index = false;
};

/// How the records of some slots are asked for. The parts hold each of them once, and perhaps
/// records of other slots.
struct ReadPlan {
  SlotRead way = SlotRead::kScan;  ///< Never kAuto.
  std::vector<ReadPart> parts;
  /// How many records of the query's own slots those parts must bring that count them.
  std::optional<uint64_t> own = {};
  std::string warning = {};  ///< Why it is dearer than it could be; empty: it isn't.
};

/// Returns whether `way` can be used. Errors: kBadInput with the reason and the cure.
Status CheckSlotRead(SlotRead way, const Profile& profile, const IndexLayout& layout);

/// Returns the best way that the index allows: never kAuto.
SlotRead ChooseSlotRead(const Profile& profile, const IndexLayout& layout);

/// All records of the period: no question of slots.
ReadPlan PlanWhole(const IndexLayout& layout);
/// By the slot that documents carry: one part, or several where the ranges are too many for one
/// query. Documents without a slot are read by every node.
ReadPlan PlanByField(const IndexLayout& layout, const Profile& profile, const SlotSet& slots,
                     uint32_t slot_count);
/// By the names of the endpoints that are ours. Documents that lack a name in the columns, or may
/// have a service that isn't there, are read by every node; a listing that counts some documents
/// twice can't be used, and gives a scan.
ReadPlan PlanByGroup(const IndexLayout& layout, const EndpointListing& listing,
                     SlotFunction function, const SlotSet& slots, uint32_t slot_count);

/// Divides each part whose records may be made of columns from the documents that lack a value in
/// one of `doubtful`.
void SetApartDoubtful(const std::vector<std::string>& doubtful, ReadPlan* plan);

/// Divides each part into those of each index of `names` and that of all others.
void SetApartIndices(const std::vector<std::string>& names, ReadPlan* plan);

std::string_view SlotReadName(SlotRead way);

}  // namespace tymbal::worker
