#include "master/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <numeric>
#include <set>

#include "common/slot.h"
#include "generate/endpoint_names.h"
#include "generate/popularity.h"
#include "generate/random.h"
#include "master/partition.h"

namespace tymbal::master {
namespace {

std::vector<NodeId> Nodes(size_t count) {
  std::vector<NodeId> nodes;
  for (size_t i = 0; i < count; ++i) nodes.push_back({"node-" + std::to_string(i)});
  return nodes;
}

TEST(Plan, GivesEverySlotToExactlyOneFragmentI2) {
  for (const uint32_t slots : {1U, 3U, 7U, 1000U, 1024U}) {
    for (const size_t nodes : {1U, 2U, 3U, 10U, 500U}) {
      for (const uint32_t per_node : {1U, 4U, 9U}) {
        uint32_t next = 0;
        for (const FragmentPlan& fragment : CutEvenly(slots, Nodes(nodes), per_node)) {
          ASSERT_EQ(fragment.slots.from, next);
          ASSERT_GT(fragment.slots.to, fragment.slots.from);
          next = fragment.slots.to;
        }
        ASSERT_EQ(next, slots);
      }
    }
  }
}

TEST(Plan, GivesEachNodeOneContiguousRangeOfNearlyEqualSize) {
  const auto fragments = CutEvenly(1024, Nodes(10), 4);
  ASSERT_EQ(fragments.size(), 40U);
  std::set<std::string> seen;
  for (size_t i = 0; i < fragments.size(); ++i) {
    if (i == 0 || fragments[i].node != fragments[i - 1].node) {
      EXPECT_TRUE(seen.insert(fragments[i].node.value).second) << "a node's slots are in pieces";
    }
    const uint32_t size = fragments[i].slots.to - fragments[i].slots.from;
    EXPECT_GE(size, 25U);
    EXPECT_LE(size, 26U);
  }
  EXPECT_EQ(seen.size(), 10U);
}

TEST(Plan, SpreadsFewSlotsOverDifferentNodes) {
  const auto fragments = CutEvenly(3, Nodes(10), 4);
  std::set<std::string> seen;
  for (const FragmentPlan& fragment : fragments) seen.insert(fragment.node.value);
  EXPECT_EQ(fragments.size(), 3U);
  EXPECT_EQ(seen.size(), 3U);
}

/// Weights as they occur: some slots without any, some that outweigh all others together.
std::vector<uint64_t> RandomWeights(generate::Random* random, size_t slots) {
  std::vector<uint64_t> weights(slots);
  const uint64_t kind = random->Below(4);
  for (uint64_t& weight : weights) {
    weight = random->Below(kind == 0 ? 3 : 1'000);
    if (kind == 1 && random->Below(4) > 0) weight = 0;
    if (kind == 2 && random->Below(5) == 0) weight *= 1'000;
  }
  if (kind == 3) weights[random->Below(slots)] = kPartitionWeightMax;
  return weights;
}

uint64_t WeightOf(const std::vector<uint64_t>& weights, SlotRange range) {
  return std::accumulate(weights.begin() + range.from, weights.begin() + range.to, uint64_t{0});
}

std::map<std::string, uint64_t> WeightByNode(const std::vector<uint64_t>& weights,
                                             const std::vector<FragmentPlan>& fragments) {
  std::map<std::string, uint64_t> by_node;
  for (const FragmentPlan& fragment : fragments) {
    by_node[fragment.node.value] += WeightOf(weights, fragment.slots);
  }
  return by_node;
}

uint64_t Heaviest(const std::vector<uint64_t>& weights,
                  const std::vector<FragmentPlan>& fragments) {
  uint64_t heaviest = 0;
  for (const auto& [node, weight] : WeightByNode(weights, fragments)) {
    heaviest = std::max(heaviest, weight);
  }
  return heaviest;
}

/// Tries each contiguous cut of [from, end) into `parts` pieces that aren't empty.
uint64_t LightestHeaviest(const std::vector<uint64_t>& weights, uint32_t from, size_t parts) {
  const auto end = static_cast<uint32_t>(weights.size());
  if (parts == 1) return WeightOf(weights, {from, end});
  uint64_t best = UINT64_MAX;
  for (uint32_t to = from + 1; to + parts - 1 <= end; ++to) {
    best = std::min(
        best, std::max(WeightOf(weights, {from, to}), LightestHeaviest(weights, to, parts - 1)));
  }
  return best;
}

/// How many ranges each node has, once its neighbouring fragments are joined.
std::map<std::string, uint32_t> RangesByNode(const std::vector<FragmentPlan>& fragments) {
  std::map<std::string, uint32_t> ranges;
  for (size_t i = 0; i < fragments.size(); ++i) {
    if (i == 0 || fragments[i].node != fragments[i - 1].node) ++ranges[fragments[i].node.value];
  }
  return ranges;
}

size_t CountRanges(const std::vector<FragmentPlan>& fragments) {
  size_t ranges = 0;
  for (const auto& [node, count] : RangesByNode(fragments)) ranges += count;
  return ranges;
}

bool Same(const std::vector<FragmentPlan>& a, const std::vector<FragmentPlan>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const FragmentPlan& one, const FragmentPlan& other) {
                      return one.slots == other.slots && one.node == other.node;
                    });
}

TEST(PlanByWeight, GivesEverySlotToExactlyOneFragmentAndEveryNodeSomethingI2) {
  generate::Random random(1);
  for (int round = 0; round < 600; ++round) {
    const size_t slots = round % 10 == 0 ? 1024 : 1 + random.Below(60);
    const size_t nodes = 1 + random.Below(round % 50 == 0 ? 200 : 20);
    const auto per_node = static_cast<uint32_t>(1 + random.Below(6));
    const std::vector<uint64_t> weights = RandomWeights(&random, slots);
    const auto fragments = CutByWeight(weights, Nodes(nodes), per_node);
    uint32_t next = 0;
    std::map<std::string, uint32_t> fragments_of;
    for (const FragmentPlan& fragment : fragments) {
      ASSERT_EQ(fragment.slots.from, next);
      ASSERT_GT(fragment.slots.to, fragment.slots.from);
      next = fragment.slots.to;
      ++fragments_of[fragment.node.value];
    }
    ASSERT_EQ(next, slots);
    ASSERT_EQ(fragments_of.size(), std::min(nodes, slots)) << "a node got nothing";
    ASSERT_LE(CountRanges(fragments), std::min(nodes, slots) * per_node);
    ASSERT_TRUE(Same(fragments, CutByWeight(weights, Nodes(nodes), per_node)));
  }
}

TEST(PlanByWeight, ANodeHasAsManyFragmentsAsItMayOrOneForEachRange) {
  generate::Random random(4);
  for (int round = 0; round < 200; ++round) {
    const std::vector<uint64_t> weights = RandomWeights(&random, 1024);
    const size_t nodes = 1 + random.Below(20);
    const auto per_node = static_cast<uint32_t>(1 + random.Below(6));
    const auto fragments = CutByWeight(weights, Nodes(nodes), per_node);
    std::map<std::string, uint32_t> most = RangesByNode(fragments);
    for (auto& [node, count] : most) count = std::max(count, per_node);
    // A heavy slot stands alone, which may cut a range into three.
    const uint64_t total = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
    std::map<std::string, uint32_t> count_of;
    for (const FragmentPlan& fragment : fragments) {
      ++count_of[fragment.node.value];
      if (WeightOf(weights, fragment.slots) * nodes > total) most[fragment.node.value] += 2;
    }
    for (const auto& [node, count] : count_of) ASSERT_LE(count, most.at(node)) << "round " << round;
  }
}

TEST(PlanByWeight, IsNeverWorseThanContiguousAndContiguousWhereThatIsAsGood) {
  generate::Random random(5);
  int better = 0;
  for (int round = 0; round < 400; ++round) {
    const std::vector<uint64_t> weights = RandomWeights(&random, 20 + random.Below(300));
    const size_t nodes = 2 + random.Below(10);
    const auto contiguous = CutByWeight(weights, Nodes(nodes), 1);
    ASSERT_EQ(CountRanges(contiguous), nodes);
    const auto fragments = CutByWeight(weights, Nodes(nodes), 4);
    const uint64_t before = Heaviest(weights, contiguous);
    const uint64_t after = Heaviest(weights, fragments);
    if (CountRanges(fragments) == nodes) {
      ASSERT_EQ(after, before) << "round " << round;
    } else {
      ASSERT_LE(after, before - before / 100) << "round " << round;
      ++better;
    }
  }
  EXPECT_GT(better, 20) << "hardly any weights that show it";
}

TEST(PlanByWeight, ASlotThatIsMoreThanAShareIsAFragmentOfItsOwn) {
  generate::Random random(6);
  for (int round = 0; round < 300; ++round) {
    const size_t nodes = 1 + random.Below(10);
    const std::vector<uint64_t> weights = RandomWeights(&random, 1 + random.Below(100));
    const auto heavy = FindHeavySlot(weights, nodes);
    if (!heavy) continue;
    const auto fragments = CutByWeight(weights, Nodes(nodes), 1);
    EXPECT_TRUE(std::any_of(fragments.begin(), fragments.end(),
                            [&](const FragmentPlan& fragment) {
                              return fragment.slots == SlotRange{heavy->slot, heavy->slot + 1};
                            }))
        << "round " << round;
  }
}

TEST(PlanByWeight, MakesTheHeaviestNodeAsLightAsAnyContiguousCutDoes) {
  generate::Random random(2);
  for (int round = 0; round < 400; ++round) {
    const size_t slots = 1 + random.Below(12);
    const size_t nodes = 1 + random.Below(slots);
    const std::vector<uint64_t> weights = RandomWeights(&random, slots);
    const auto fragments = CutByWeight(weights, Nodes(nodes), 1);
    if (std::accumulate(weights.begin(), weights.end(), uint64_t{0}) == 0) continue;
    ASSERT_EQ(Heaviest(weights, fragments), LightestHeaviest(weights, 0, nodes))
        << "round " << round;
  }
}

TEST(PlanByWeight, MakesTheHeaviestFragmentOfANodeAsLightAsCanBe) {
  const std::vector<uint64_t> weights = {5, 5, 5, 5, 20, 1, 1, 8};
  const auto fragments = CutByWeight(weights, Nodes(1), 3);
  ASSERT_EQ(fragments.size(), 3U);
  EXPECT_EQ(fragments[0].slots, (SlotRange{0, 4}));
  EXPECT_EQ(fragments[1].slots, (SlotRange{4, 5}));
  EXPECT_EQ(fragments[2].slots, (SlotRange{5, 8}));
}

TEST(PlanByWeight, FragmentsOfANodeAreAlikeInAllItsRanges) {
  std::vector<uint64_t> weights(100, 10);
  weights[40] = 1'000;
  std::vector<SlotRange> of_other;
  for (const FragmentPlan& fragment : CutByWeight(weights, Nodes(2), 5)) {
    if (fragment.node.value == "node-1") of_other.push_back(fragment.slots);
  }
  const std::vector<SlotRange> wanted = {{0, 20}, {20, 40}, {41, 60}, {60, 80}, {80, 100}};
  EXPECT_EQ(of_other, wanted);
}

TEST(PlanByWeight, SharesTheRestEvenlyBesideASlotThatNothingCanBeDoneAbout) {
  std::vector<uint64_t> weights(100, 1);
  weights[60] = 1'000;
  const auto by_node = WeightByNode(weights, CutByWeight(weights, Nodes(5), 4));
  EXPECT_EQ(by_node.at("node-0"), 30U);
  EXPECT_EQ(by_node.at("node-1"), 30U);
  EXPECT_EQ(by_node.at("node-2"), 1'000U);
  EXPECT_EQ(by_node.at("node-3") + by_node.at("node-4"), 39U);
  EXPECT_GE(by_node.at("node-3"), 19U);
  EXPECT_GE(by_node.at("node-4"), 19U);
}

TEST(PlanByWeight, IsByWidthWhereNothingWeighsAnything) {
  for (const uint32_t slots : {1U, 3U, 100U, 1024U}) {
    const std::vector<uint64_t> nothing(slots);
    const auto by_weight = CutByWeight(nothing, Nodes(7), 4);
    const auto by_width = CutEvenly(slots, Nodes(7), 4);
    EXPECT_TRUE(Same(by_weight, by_width));
  }
}

TEST(PlanByWeight, SaysWhichSlotIsMoreThanTheShareOfANode) {
  std::vector<uint64_t> weights(1024, 10);
  EXPECT_FALSE(FindHeavySlot(weights, 1024).has_value());
  weights[497] = 3'000;
  const auto heavy = FindHeavySlot(weights, 5);
  ASSERT_TRUE(heavy.has_value());
  EXPECT_EQ(heavy->slot, 497U);
  EXPECT_EQ(heavy->weight, 3'000U);
  EXPECT_EQ(heavy->total, 13'230U);
  EXPECT_FALSE(FindHeavySlot(weights, 4).has_value());
  EXPECT_FALSE(FindHeavySlot(std::vector<uint64_t>(8), 4).has_value());
}

/// How the spans of the systems that `tymbal generate --endpoints 20000 --apps N` invents are
/// spread.
std::vector<uint64_t> ZipfSlots(uint32_t apps) {
  constexpr uint32_t kEndpoints = 20'000;
  constexpr uint64_t kExponentQ32 = 4'509'715'660;  // 1.05
  const std::vector<uint64_t> popularity = generate::ZipfWeights(kEndpoints, kExponentQ32);
  std::vector<uint64_t> weights(kSlotsDefault);
  for (uint32_t i = 0; i < kEndpoints; ++i) {
    const EndpointName name = generate::MakeEndpoint(i, apps).name;
    weights[SlotOf(name.app, name.service, name.method, kSlotsDefault)] += popularity[i] >> 10;
  }
  return weights;
}

/// How good contiguous ranges are depends on where the slots of the most popular endpoints lie,
/// which is their names' luck: those of 5 apps lie well, those of 20 don't.
TEST(PlanByWeight, SharesZipfTrafficNearlyEvenlyWhereverItsPopularSlotsLie) {
  for (const uint32_t apps : {1U, 5U, 20U, 50U}) {
    const std::vector<uint64_t> weights = ZipfSlots(apps);
    const auto total =
        static_cast<double>(std::accumulate(weights.begin(), weights.end(), uint64_t{0}));
    const auto top = static_cast<double>(*std::max_element(weights.begin(), weights.end()));
    EXPECT_NEAR(top / total, 0.12, 0.005);
    for (const size_t nodes : {4U, 8U, 16U}) {
      const double mean = total / static_cast<double>(nodes);
      const auto over_mean = [&](const std::vector<FragmentPlan>& fragments) {
        return static_cast<double>(Heaviest(weights, fragments)) / mean;
      };
      const auto fragments = CutByWeight(weights, Nodes(nodes), 4);
      const double by_weight = over_mean(fragments);
      const double contiguous = over_mean(CutByWeight(weights, Nodes(nodes), 1));
      const double by_width = over_mean(CutEvenly(kSlotsDefault, Nodes(nodes), 4));
      std::printf(
          "%2u apps, %2zu nodes: the heaviest has %.3f x the mean in %zu ranges, %.2f where each "
          "has one, %.2f by width\n",
          apps, nodes, by_weight, CountRanges(fragments), contiguous, by_width);
      const double slot_alone = top / mean;
      // What is promised is 1.05 for 4 nodes and 1.15 for 8.
      EXPECT_LE(by_weight, nodes == 16 ? slot_alone + 0.01 : 1.01);
      EXPECT_LT(by_weight, by_width);
    }
  }
}

}  // namespace
}  // namespace tymbal::master
