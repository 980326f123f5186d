#include "worker/page_chain.h"

#include <algorithm>

namespace tymbal::worker {
namespace {

/// The shorter a page, the fewer records are on one with a gap; but each costs some milliseconds.
/// At most so many are made of what could be one.
constexpr uint64_t kPageParts = 4;
constexpr uint64_t kPagesPerSlice = 25;
/// In pages at their longest. Fewer in a shard, and most pages are a first or a last one.
constexpr double kShardPagesMin = 1.25;
/// The same. Each slice costs two pages with a gap in each shard: measured, 0.1 s of a processor in
/// two shards, however long it is. For its pages the server looks up all of the slice anew.
constexpr double kSlicePagesMax = 100;
constexpr double kCountedSlicePagesMax = 25;
/// Slices are made of stretches of time, mostly a thousand of a period (slice_queue.cc). Two of
/// them more than the even share are allowed, within limits: else a last slice, short and all gaps,
/// would be left over.
constexpr uint64_t kSlackPart = 500;
constexpr uint64_t kSlackOfSliceMax = 8;

/// A page with a gap takes a server two to three times as long, however small the gap.
constexpr uint64_t kEdgeRecords = 500;

}  // namespace

uint64_t NextPageRecords(uint64_t came, uint64_t count, uint64_t longest) {
  const uint64_t left = count - came;
  if (count <= longest || longest < 4 * kEdgeRecords) return std::min(left, longest);
  if (came == 0) return kEdgeRecords;
  if (left <= kEdgeRecords) return left;
  return std::min(left - kEdgeRecords, longest);
}

std::optional<PageChains> CutChains(uint64_t records, size_t requests, uint64_t shards,
                                    uint64_t page_records_max, bool counts_each_page) {
  const auto page_max = static_cast<double>(page_records_max);
  const auto slice_min =
      static_cast<uint64_t>(kShardPagesMin * page_max) * std::max<uint64_t>(1, shards);
  if (records < slice_min) return std::nullopt;
  const double slice_pages_max = counts_each_page ? kCountedSlicePagesMax : kSlicePagesMax;
  const uint64_t slice_max =
      std::max<uint64_t>(1, std::max(slice_min, static_cast<uint64_t>(slice_pages_max * page_max)));
  // As many for each thread, so that all end at about the same time.
  const uint64_t at_once = std::max<uint64_t>(1, requests);
  const uint64_t slices = at_once * (records / (at_once * slice_max) + 1);
  PageChains chains{};
  const uint64_t even = (records + slices - 1) / slices;
  chains.slice_records =
      std::max(slice_min, even + std::min(records / kSlackPart, even / kSlackOfSliceMax));
  // Where it needn't be counted, a page costs so little that half the length saves memory.
  chains.page_records = std::clamp(
      chains.slice_records / kPagesPerSlice, (page_records_max + kPageParts - 1) / kPageParts,
      counts_each_page ? page_records_max : (page_records_max + 1) / 2);
  return chains;
}

uint64_t ShardsHolding(const search::IndexSet& indices, const Period& range, bool one_index) {
  const auto holds = [&](const std::string& name) { return search::MayHold(name, range); };
  const auto holding =
      one_index ? 1 : std::count_if(indices.open.begin(), indices.open.end(), holds);
  const auto all = static_cast<int64_t>(std::max<size_t>(1, indices.open.size()));
  return static_cast<uint64_t>(std::max<int64_t>(1, indices.shards * holding / all));
}

std::optional<PageChains> ChainsOf(const search::SearchView& view, const search::IndexSet& indices,
                                   const Period& range, bool one_index, uint64_t records,
                                   size_t requests, uint64_t page_records_max) {
  if (!view.HasStoredOrder(one_index || indices.open.size() == 1)) return std::nullopt;
  return CutChains(records, requests, ShardsHolding(indices, range, one_index), page_records_max,
                   view.version().CountsEveryPage());
}

}  // namespace tymbal::worker
