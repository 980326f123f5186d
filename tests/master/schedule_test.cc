#include "master/schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace tymbal::master {
namespace {

constexpr int64_t kMinute = 60'000;

ScheduleOptions Minutes() { return {.grid = *PeriodGrid::Create(kMinute, 0), .delay_ms = 10'000}; }

PeriodLedger Entry(int64_t start_ms, RunState state, int32_t attempt = 1) {
  PeriodLedger entry;
  entry.period = {start_ms, start_ms + kMinute};
  entry.state = state;
  entry.attempt = attempt;
  entry.created_ms = start_ms + kMinute + 10'000;
  return entry;
}

TEST(Schedule, APeriodIsDueOnceItsDelayHasPassedAndNotEarlier) {
  EXPECT_EQ(LookAtSchedule(Minutes(), 0, {}, kMinute + 9'999).due, std::nullopt);
  EXPECT_EQ(LookAtSchedule(Minutes(), 0, {}, kMinute + 9'999).next_ms, kMinute + 10'000);
  EXPECT_EQ(LookAtSchedule(Minutes(), 0, {}, kMinute + 10'000).due, (Period{0, kMinute}));
}

TEST(Schedule, AfterAnOutageTheOldestComesFirstAndNoneIsSkippedI6) {
  std::vector<PeriodLedger> ledger = {Entry(0, RunState::kPublished),
                                      Entry(3 * kMinute, RunState::kPublished)};
  const int64_t now_ms = 6 * kMinute;
  for (const int64_t start_ms : {kMinute, 2 * kMinute, 4 * kMinute}) {
    const ScheduleState state = LookAtSchedule(Minutes(), 0, ledger, now_ms);
    ASSERT_EQ(state.due, (Period{start_ms, start_ms + kMinute}));
    ledger.insert(std::find_if(ledger.begin(), ledger.end(),
                               [&](const auto& e) { return e.period.start_ms > start_ms; }),
                  Entry(start_ms, RunState::kPublished));
  }
  const ScheduleState done = LookAtSchedule(Minutes(), 0, ledger, now_ms);
  EXPECT_EQ(done.due, std::nullopt);
  EXPECT_EQ(done.watermark_ms, 5 * kMinute);
}

TEST(Schedule, TheWatermarkStopsAtTheFirstPeriodThatIsNotPublished) {
  const std::vector<PeriodLedger> ledger = {Entry(0, RunState::kPublished),
                                            Entry(kMinute, RunState::kFailed),
                                            Entry(2 * kMinute, RunState::kPublished)};
  const ScheduleState state = LookAtSchedule(Minutes(), 0, ledger, 3 * kMinute + 10'000);
  EXPECT_EQ(state.watermark_ms, kMinute);
  EXPECT_EQ(state.due, std::nullopt);
}

TEST(Schedule, AFailedPeriodIsTriedAgainLaterAndLater) {
  for (const int32_t attempt : {1, 2, 3, 40}) {
    const PeriodLedger failed = Entry(0, RunState::kFailed, attempt);
    const std::vector<PeriodLedger> ledger = {failed};
    const int64_t wait_ms = attempt == 1   ? 600'000
                            : attempt == 2 ? 1'200'000
                            : attempt == 3 ? 2'400'000
                                           : 21'600'000;
    const int64_t at_ms = failed.created_ms + wait_ms;
    const auto is_due = [&](int64_t now_ms) {
      return LookAtSchedule(Minutes(), 0, ledger, now_ms).due == Period{0, kMinute};
    };
    EXPECT_FALSE(is_due(at_ms - 1)) << attempt;
    EXPECT_TRUE(is_due(at_ms)) << attempt;
  }
}

TEST(Schedule, AFailedPeriodDoesNotHoldUpTheNextOnes) {
  const ScheduleState state =
      LookAtSchedule(Minutes(), 0, {Entry(0, RunState::kFailed)}, 2 * kMinute + 10'000);
  EXPECT_EQ(state.due, (Period{kMinute, 2 * kMinute}));
}

TEST(Schedule, TheFirstPeriodOfANewStoreIsTheLastThatIsDue) {
  EXPECT_EQ(LastDueStart(Minutes(), 5 * kMinute + 9'999), 3 * kMinute);
  EXPECT_EQ(LastDueStart(Minutes(), 5 * kMinute + 10'000), 4 * kMinute);
}

}  // namespace
}  // namespace tymbal::master
