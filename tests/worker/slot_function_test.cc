#include "worker/slot_function.h"

#include <gtest/gtest.h>

#include "common/slot.h"

namespace tymbal::worker {
namespace {

TEST(SlotFunction, TymbalsIsTheOneOfTheDocuments) {
  EXPECT_EQ(SlotBy(SlotFunction::kTymbal, "order-service", "com.acme.order.OrderApi", "createOrder",
                   1024),
            497U);
}

/// abs((((17 * 31 + app) * 31 + service) * 31 + method)) % 65536 by hand.
TEST(SlotFunction, CicadasIsItsSliceNumberDividedEvenly) {
  // ((527 + 1) * 31 + 2) * 31 + 3 = 507473; mod 65536 = 48721.
  EXPECT_EQ(SlotBy(SlotFunction::kCicada, "1", "2", "3", kCicadaSlots), 48'721U);
  EXPECT_EQ(SlotBy(SlotFunction::kCicada, "1", "2", "3", 1024), 48'721U / 64);
  EXPECT_EQ(SlotBy(SlotFunction::kCicada, "0", "0", "0", kCicadaSlots), 506'447U % 65'536);
}

TEST(SlotFunction, CicadasWrapsAroundAsJavasInt) {
  // 527 * 961 + 2147483647 = 2147990094, as an int -2146977202.
  EXPECT_EQ(SlotBy(SlotFunction::kCicada, "0", "0", "2147483647", kCicadaSlots),
            2'146'977'202U % 65'536);
  // Math.abs of the least int is itself: 506447 + 2146977201 = 2^31.
  EXPECT_EQ(SlotBy(SlotFunction::kCicada, "0", "0", "2146977201", kCicadaSlots), 0U);
}

TEST(SlotFunction, CicadasTakesWhatIsNoNumberForZero) {
  EXPECT_EQ(SlotBy(SlotFunction::kCicada, "x", "", "y", kCicadaSlots),
            SlotBy(SlotFunction::kCicada, "0", "0", "0", kCicadaSlots));
}

}  // namespace
}  // namespace tymbal::worker
