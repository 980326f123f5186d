#include "worker/read_way.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace tymbal::worker {
namespace {

const std::vector<ReadWay> kAll = {ReadWay::kColumnsThenIds, ReadWay::kColumns, ReadWay::kSource};

TEST(ReadWay, WhereThereIsLittleItTakesWhatWasCheapElsewhere) {
  EXPECT_EQ(ReadWayChooser(kAll, 50'000, 10).Next(), ReadWay::kColumnsThenIds);
  // As many ids as records have to be looked up one by one.
  EXPECT_EQ(ReadWayChooser(kAll, 50'000, 50'000).Next(), ReadWay::kColumns);
  EXPECT_EQ(ReadWayChooser({ReadWay::kSource}, 50'000, 10).Next(), ReadWay::kSource);
}

TEST(ReadWay, TriesEachOnceAndGoesOnWithTheCheapest) {
  ReadWayChooser chooser(kAll, 1'000'000, 100);
  std::set<ReadWay> tried;
  for (size_t i = 0; i < kReadWays; ++i) {
    const ReadWay way = chooser.Next();
    tried.insert(way);
    chooser.Learn(way, 10'000, way == ReadWay::kSource ? 0.01 : 0.1);
  }
  EXPECT_EQ(tried.size(), kReadWays);
  EXPECT_EQ(chooser.Next(), ReadWay::kSource);
  // It gets slow: another one is cheaper now.
  for (int i = 0; i < 10; ++i) chooser.Learn(ReadWay::kSource, 10'000, 1.0);
  EXPECT_NE(chooser.Next(), ReadWay::kSource);
}

TEST(ReadWay, LearnsNothingFromSmallAnswers) {
  ReadWayChooser chooser({ReadWay::kColumns, ReadWay::kSource}, 10'000, 0);
  chooser.Learn(ReadWay::kColumns, 10, 1.0);
  EXPECT_EQ(chooser.Next(), ReadWay::kColumns);
}

TEST(ReadWay, NamesAreThoseOfTheConfiguration) {
  EXPECT_EQ(ReadWayName(ReadWay::kSource), "source");
  EXPECT_EQ(ReadWayName(ReadWay::kColumns), "values");
  EXPECT_EQ(ReadWayName(ReadWay::kColumnsThenIds), "values_then_ids");
}

}  // namespace
}  // namespace tymbal::worker
