#include "master/slot_owners.h"

#include <algorithm>
#include <numeric>

#include "master/partition.h"

namespace tymbal::master {
namespace {

/// Some slots dealt out, the others in their order.
class Deal {
 public:
  Deal(std::span<const uint64_t> weights, size_t nodes)
      : weights_(weights.begin(), weights.end()), heads_(nodes), others_(weights.size()) {
    for (uint64_t& weight : weights_) weight = std::min(weight, kPartitionWeightMax);
    row_ = weights_;
    std::iota(others_.begin(), others_.end(), uint32_t{0});
    heaviest_first_ = others_;
    std::stable_sort(heaviest_first_.begin(), heaviest_first_.end(),
                     [this](uint32_t a, uint32_t b) { return weights_[a] > weights_[b]; });
  }

  /// Deals one more slot out: the heaviest of the others, to the node that has least. Returns false
  /// when there is none to deal: each node needs one that it can't go without.
  bool DealOne() {
    const uint32_t slot = heaviest_first_[dealt_to_.size()];
    if (others_.size() == heads_.size() || weights_[slot] == 0) return false;
    const auto least = std::min_element(heads_.begin(), heads_.end());
    *least += weights_[slot];
    dealt_to_.push_back(static_cast<size_t>(least - heads_.begin()));
    const auto place = std::lower_bound(others_.begin(), others_.end(), slot);
    row_.erase(row_.begin() + (place - others_.begin()));
    others_.erase(place);
    return true;
  }

  /// Whether the others can be cut such that no node has more than `limit`.
  bool Fits(uint64_t limit) const { return CanPartition(row_, heads_, limit); }

  /// Cuts the others, and returns the owner of each slot.
  std::vector<size_t> Owners() const {
    std::vector<size_t> owners(weights_.size());
    for (size_t i = 0; i < dealt_to_.size(); ++i) owners[heaviest_first_[i]] = dealt_to_[i];
    const std::vector<SlotRange> ranges = Partition(row_, heads_);
    for (size_t node = 0; node < ranges.size(); ++node) {
      for (uint32_t i = ranges[node].from; i < ranges[node].to; ++i) owners[others_[i]] = node;
    }
    return owners;
  }

  uint64_t Heaviest(const std::vector<size_t>& owners) const {
    std::vector<uint64_t> loads(heads_.size());
    for (size_t slot = 0; slot < owners.size(); ++slot) loads[owners[slot]] += weights_[slot];
    return *std::max_element(loads.begin(), loads.end());
  }

 private:
  std::vector<uint64_t> weights_;
  std::vector<uint32_t> heaviest_first_;
  std::vector<size_t> dealt_to_;  // Of the first ones of `heaviest_first_`.
  std::vector<uint64_t> heads_;   // What is dealt out weighs, by node.
  std::vector<uint32_t> others_;  // Which slots are not dealt out,
  std::vector<uint64_t> row_;     // and what they weigh.
};

}  // namespace

std::vector<size_t> ChooseOwners(std::span<const uint64_t> weights, size_t nodes, size_t runs_max) {
  Deal deal(weights, nodes);
  std::vector<size_t> best = deal.Owners();
  uint64_t heaviest = deal.Heaviest(best);
  // A slot that is dealt out is a run, and breaks a range in two.
  for (size_t runs = nodes + 2; runs <= runs_max && deal.DealOne(); runs += 2) {
    if (!deal.Fits(heaviest * 99 / 100)) continue;
    best = deal.Owners();
    heaviest = deal.Heaviest(best);
  }
  return best;
}

}  // namespace tymbal::master
