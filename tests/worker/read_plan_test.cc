#include "worker/read_plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/slot_set.h"

namespace tymbal::worker {
namespace {

using ::testing::HasSubstr;

IndexLayout Layout() {
  IndexLayout layout;
  layout.time = {"start_time", search::TimeField::Kind::kDate};
  layout.slot_field = "slot";
  layout.app = {"app", {"app"}};
  layout.service = ColumnField{"service", {"service"}};
  layout.method = {"method", {"method"}};
  return layout;
}

Profile NativeProfile() {
  Profile profile;
  profile.name = "test";
  profile.slot = {{"slot"}};
  return profile;
}

TEST(ReadPlan, TheBestWayThatTheIndexAllows) {
  Profile profile = NativeProfile();
  IndexLayout layout = Layout();
  EXPECT_EQ(ChooseSlotRead(profile, layout), SlotRead::kField);
  layout.slot_field.clear();
  EXPECT_EQ(ChooseSlotRead(profile, layout), SlotRead::kGroup);
  layout.no_groups = "method is mapped as text";
  EXPECT_EQ(ChooseSlotRead(profile, layout), SlotRead::kScan);
  profile.slot_read = SlotRead::kGroup;
  EXPECT_EQ(ChooseSlotRead(profile, layout), SlotRead::kGroup);
}

TEST(ReadPlan, SaysWhyAWayCantBeUsed) {
  Profile profile = NativeProfile();
  IndexLayout layout = Layout();
  EXPECT_TRUE(CheckSlotRead(SlotRead::kField, profile, layout).ok());
  EXPECT_TRUE(CheckSlotRead(SlotRead::kGroup, profile, layout).ok());
  layout.slot_field.clear();
  layout.no_groups = "method is mapped as text";
  EXPECT_THAT(CheckSlotRead(SlotRead::kField, profile, layout).message(),
              HasSubstr("the profile test names slot, which isn't one here"));
  EXPECT_THAT(CheckSlotRead(SlotRead::kGroup, profile, layout).message(),
              HasSubstr("method is mapped as text"));
  EXPECT_TRUE(CheckSlotRead(SlotRead::kScan, profile, layout).ok());
}

TEST(ReadPlan, ByFieldTakesARangeAndThoseWithoutASlot) {
  IndexLayout layout = Layout();
  layout.clauses = {"{\"c\":1}"};
  const ReadPlan plan = PlanByField(layout, NativeProfile(), SlotRange{100, 200}, 1024);
  EXPECT_EQ(plan.way, SlotRead::kField);
  ASSERT_EQ(plan.parts.size(), 2U);
  EXPECT_EQ(plan.parts[0].clauses, R"(,{"c":1},{"range":{"slot":{"gte":100,"lt":200}}})");
  EXPECT_TRUE(plan.parts[0].own_only);
  EXPECT_EQ(plan.parts[1].clauses,
            R"(,{"c":1},{"bool":{"must_not":[{"exists":{"field":"slot"}}]}})");
  EXPECT_FALSE(plan.parts[1].own_only);
  EXPECT_FALSE(plan.parts[1].columns);
}

TEST(ReadPlan, ByFieldCountsInTheDocumentsSlotsAndBeginsWithNegativeOnes) {
  Profile profile = NativeProfile();
  profile.slot_count = 65'536;
  EXPECT_THAT(PlanByField(Layout(), profile, SlotRange{10, 20}, 1024).parts[0].clauses,
              HasSubstr(R"({"gte":640,"lt":1280})"));
  EXPECT_THAT(PlanByField(Layout(), profile, SlotRange{0, 20}, 1024).parts[0].clauses,
              HasSubstr(R"("slot":{"lt":1280})"));
}

TEST(ReadPlan, ByFieldTakesAllRangesInOneFilterAndNothingOfTheGaps) {
  Profile profile = NativeProfile();
  profile.slot_count = 2'048;
  const ReadPlan plan = PlanByField(Layout(), profile, SlotSet({{0, 3}, {7, 8}, {9, 1024}}), 1024);
  ASSERT_EQ(plan.parts.size(), 2U);
  EXPECT_EQ(
      plan.parts[0].clauses,
      R"(,{"bool":{"should":[{"range":{"slot":{"lt":6}}},{"range":{"slot":{"gte":14,"lt":16}}},)"
      R"({"range":{"slot":{"gte":18}}}],"minimum_should_match":1}})");
  EXPECT_TRUE(plan.parts[0].own_only);
}

/// Servers allow 1,024 clauses, so each part has fewer; no slot is in two of them.
TEST(ReadPlan, MoreRangesThanOneQueryMayHaveAreSeveralParts) {
  std::vector<SlotRange> ranges;
  for (uint32_t slot = 1; slot < 2'048; slot += 2) ranges.push_back({slot, slot + 1});
  const ReadPlan plan = PlanByField(Layout(), NativeProfile(), SlotSet(ranges), 2'048);
  ASSERT_EQ(plan.parts.size(), 4U);
  std::string clauses;
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(plan.parts[i].own_only && plan.parts[i].columns);
    clauses += plan.parts[i].clauses;
  }
  size_t at = 0;
  for (const SlotRange range : ranges) {
    const std::string bounds = range.to == 2'048
                                   ? fmt::format(R"({{"gte":{}}})", range.from)
                                   : fmt::format(R"({{"gte":{},"lt":{}}})", range.from, range.to);
    at = clauses.find(bounds, at);
    ASSERT_NE(at, std::string::npos) << range.from;
  }
  EXPECT_THAT(plan.parts[3].clauses, HasSubstr("must_not"));
}

/// Twenty endpoints of two apps, ten records each.
EndpointListing Listing() {
  EndpointListing listing;
  for (int i = 0; i < 20; ++i) {
    listing.endpoints.push_back({{i < 10 ? "a" : "b", "", fmt::format("m{}", i % 10)}, 10});
  }
  listing.total = listing.listed = 200;
  return listing;
}

uint32_t SlotOfListed(size_t i) {
  const EndpointName name = Listing().endpoints[i].name;
  return SlotOf(name.app, name.service, name.method, 1024);
}

TEST(ReadPlan, ByGroupAsksForItsOwnNamesAndSaysHowManyMustCome) {
  const uint32_t slot = SlotOfListed(3);
  const ReadPlan plan =
      PlanByGroup(Layout(), Listing(), SlotFunction::kTymbal, SlotRange{slot, slot + 1}, 1024);
  EXPECT_EQ(plan.way, SlotRead::kGroup);
  ASSERT_EQ(plan.parts.size(), 1U);
  EXPECT_TRUE(plan.parts[0].counts_own);
  EXPECT_EQ(plan.own, 10U);
  EXPECT_THAT(plan.parts[0].clauses, HasSubstr(R"({"terms":{"method":["m3"]}})"));
  EXPECT_THAT(plan.parts[0].clauses, HasSubstr(R"({"terms":{"app":["a"]}})"));
}

TEST(ReadPlan, ByGroupKnowsItsOwnNamesInAllRanges) {
  const uint32_t a = SlotOfListed(3);
  const uint32_t b = SlotOfListed(15);
  const SlotSet slots({{a, a + 1}, {b, b + 1}});
  const ReadPlan plan = PlanByGroup(Layout(), Listing(), SlotFunction::kTymbal, slots, 1024);
  ASSERT_EQ(plan.parts.size(), 1U);
  EXPECT_EQ(plan.own, 20U);
  EXPECT_THAT(plan.parts[0].clauses, HasSubstr(R"({"terms":{"method":["m3"]}})"));
  EXPECT_THAT(plan.parts[0].clauses, HasSubstr(R"({"terms":{"method":["m5"]}})"));
}

TEST(ReadPlan, ByGroupReadsNothingWhereNothingIsItsOwn) {
  EndpointListing listing = Listing();
  listing.endpoints.resize(1);
  listing.total = listing.listed = 10;
  const uint32_t slot = SlotOfListed(0);
  const SlotRange others = slot < 512 ? SlotRange{512, 1024} : SlotRange{0, 512};
  EXPECT_TRUE(PlanByGroup(Layout(), listing, SlotFunction::kTymbal, others, 1024).parts.empty());
  // Those without a name may be anybody's.
  listing.nameless = 5;
  listing.total = listing.listed = 15;
  const ReadPlan plan = PlanByGroup(Layout(), listing, SlotFunction::kTymbal, others, 1024);
  ASSERT_EQ(plan.parts.size(), 1U);
  EXPECT_FALSE(plan.parts[0].columns);
  EXPECT_EQ(plan.own, std::nullopt);
}

TEST(ReadPlan, AServiceThatOnlyTheColumnLacksMayBeAnybodys) {
  IndexLayout layout = Layout();
  layout.service->may_lack = true;
  EndpointListing listing = Listing();
  listing.nameless = 4;
  listing.total = listing.listed = 204;
  const uint32_t slot = SlotOfListed(3);
  const ReadPlan plan =
      PlanByGroup(layout, listing, SlotFunction::kTymbal, SlotRange{slot, slot + 1}, 1024);
  ASSERT_EQ(plan.parts.size(), 2U);
  for (const ReadPart& part : plan.parts) {
    EXPECT_THAT(part.clauses, HasSubstr(R"({"exists":{"field":"service"}})"));
  }
}

TEST(ReadPlan, ByGroupReadsAllWhereNearlyAllIsItsOwn) {
  const ReadPlan plan =
      PlanByGroup(Layout(), Listing(), SlotFunction::kTymbal, SlotRange{0, 1024}, 1024);
  ASSERT_EQ(plan.parts.size(), 1U);
  EXPECT_THAT(plan.parts[0].clauses, ::testing::Not(HasSubstr("\"terms\"")));
  EXPECT_EQ(plan.own, 200U);
}

TEST(ReadPlan, SeveralValuesInANameRuleGroupsOut) {
  EndpointListing listing = Listing();
  listing.listed = 205;
  const ReadPlan plan =
      PlanByGroup(Layout(), listing, SlotFunction::kTymbal, SlotRange{0, 100}, 1024);
  EXPECT_EQ(plan.way, SlotRead::kScan);
  EXPECT_THAT(plan.warning, HasSubstr("5 of 200 records have several values"));
}

TEST(ReadPlan, DoubtfulColumnsAreSetApartFromWhatIsSure) {
  ReadPlan plan = PlanByField(Layout(), NativeProfile(), SlotRange{0, 10}, 1024);
  SetApartDoubtful({"method.keyword"}, &plan);
  ASSERT_EQ(plan.parts.size(), 3U);
  EXPECT_TRUE(plan.parts[0].columns);
  EXPECT_THAT(plan.parts[0].clauses, HasSubstr(R"(,{"exists":{"field":"method.keyword"}})"));
  EXPECT_FALSE(plan.parts[1].columns);
  EXPECT_TRUE(plan.parts[1].own_only);
  EXPECT_THAT(plan.parts[1].clauses, HasSubstr("must_not"));
  EXPECT_FALSE(plan.parts[2].columns);
}

}  // namespace
}  // namespace tymbal::worker
