#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/period.h"
#include "search/index_catalog.h"
#include "search/search_view.h"

namespace tymbal::worker {

/// Slices that are read page by page, in the order in which the server has stored the documents.
///
/// A server takes documents that lie side by side from its disk blocks one after the other; of any
/// others it unpacks a block each. Spans are stored roughly in the order of time, so the pages of a
/// long slice hold neighbours only, but for the first and the last of each shard. Measured
/// (bench/source/run): 2.2 to 2.9 times as fast as slices of one page each.
struct PageChains {
  uint64_t slice_records;  ///< As many make a slice.
  uint64_t page_records;

  bool operator==(const PageChains&) const = default;
};

/// Returns how to cut `records` into chains that `requests` threads read; nothing: there are too
/// few of them in each of the shards to be neighbours. `counts_each_page`: the server counts the
/// whole slice for each of its pages. REQUIRES: page_records_max > 0.
std::optional<PageChains> CutChains(uint64_t records, size_t requests, uint64_t shards,
                                    uint64_t page_records_max, bool counts_each_page);

/// The same for the records of `range`; nothing, too, where the view has no order to follow.
/// `one_index`: they are all of one index.
std::optional<PageChains> ChainsOf(const search::SearchView& view, const search::IndexSet& indices,
                                   const Period& range, bool one_index, uint64_t records,
                                   size_t requests, uint64_t page_records_max);

/// Returns how many records the next page of a slice is to have, `came` of whose `count` have come:
/// those at its ends are few, as records of other slices lie between them.
uint64_t NextPageRecords(uint64_t came, uint64_t count, uint64_t longest);

/// Returns how many shards hold the records of `range`, at a guess: indices that are named by days
/// are taken by their word. `one_index`: those of one of them.
uint64_t ShardsHolding(const search::IndexSet& indices, const Period& range, bool one_index);

}  // namespace tymbal::worker
