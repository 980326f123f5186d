#include "master/partition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "generate/random.h"

namespace tymbal::master {
namespace {

uint64_t WeightOf(const std::vector<uint64_t>& row, SlotRange range) {
  return std::accumulate(row.begin() + range.from, row.begin() + range.to, uint64_t{0});
}

uint64_t Heaviest(const std::vector<uint64_t>& row, const std::vector<uint64_t>& heads,
                  const std::vector<SlotRange>& pieces) {
  uint64_t heaviest = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    heaviest = std::max(heaviest, WeightOf(row, pieces[i]) + heads[i]);
  }
  return heaviest;
}

/// Tries each cut of the row from `from` on for the owners from `owner` on.
uint64_t LightestHeaviest(const std::vector<uint64_t>& row, const std::vector<uint64_t>& heads,
                          uint32_t from, size_t owner) {
  const auto end = static_cast<uint32_t>(row.size());
  const uint32_t least = heads[owner] > 0 ? 0 : 1;
  if (owner + 1 == heads.size()) {
    return end - from < least ? UINT64_MAX : WeightOf(row, {from, end}) + heads[owner];
  }
  uint64_t best = UINT64_MAX;
  for (uint32_t to = from + least; to <= end; ++to) {
    best = std::min(best, std::max(WeightOf(row, {from, to}) + heads[owner],
                                   LightestHeaviest(row, heads, to, owner + 1)));
  }
  return best;
}

TEST(Partition, FillsUpWhatOwnersHaveAsEvenlyAsAnyCut) {
  generate::Random random(3);
  for (int round = 0; round < 500; ++round) {
    std::vector<uint64_t> row(1 + random.Below(10));
    for (uint64_t& weight : row) weight = random.Below(round % 3 == 0 ? 3 : 100);
    std::vector<uint64_t> heads(1 + random.Below(row.size()));
    for (uint64_t& head : heads) head = random.Below(3) == 0 ? random.Below(200) : 0;
    const std::vector<SlotRange> pieces = Partition(row, heads);
    ASSERT_EQ(pieces.size(), heads.size());
    uint32_t next = 0;
    for (size_t i = 0; i < pieces.size(); ++i) {
      ASSERT_EQ(pieces[i].from, next);
      ASSERT_GE(pieces[i].to, pieces[i].from);
      ASSERT_TRUE(pieces[i].to > pieces[i].from || heads[i] > 0) << "an owner with nothing";
      next = pieces[i].to;
    }
    ASSERT_EQ(next, row.size());
    const uint64_t heaviest = Heaviest(row, heads, pieces);
    ASSERT_EQ(heaviest, LightestHeaviest(row, heads, 0, 0)) << "round " << round;
    ASSERT_TRUE(CanPartition(row, heads, heaviest)) << "round " << round;
    ASSERT_TRUE(heaviest == 0 || !CanPartition(row, heads, heaviest - 1)) << "round " << round;
  }
}

TEST(Partition, SharesTheRestEvenlyBesideAPieceThatNothingCanBeDoneAbout) {
  std::vector<uint64_t> row(31, 1);
  row[0] = 100;
  const std::vector<uint64_t> heads = {0, 10, 0};
  const std::vector<SlotRange> wanted = {{0, 1}, {1, 11}, {11, 31}};
  EXPECT_EQ(Partition(row, heads), wanted);
}

TEST(Partition, GivesNothingToWhoHasMoreThanTheOthersCanGet) {
  const std::vector<uint64_t> row = {5, 5, 5, 5};
  const std::vector<uint64_t> heads = {0, 100, 0};
  const std::vector<SlotRange> wanted = {{0, 2}, {2, 2}, {2, 4}};
  EXPECT_EQ(Partition(row, heads), wanted);
}

}  // namespace
}  // namespace tymbal::master
