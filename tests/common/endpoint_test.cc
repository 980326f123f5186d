#include "common/endpoint.h"

#include <gtest/gtest.h>

namespace tymbal {
namespace {

/// Computed by the xxhash module of Python.
TEST(EndpointId, NeverChanges) {
  EXPECT_EQ(EndpointId(Level::kMethod, "order-service", "com.acme.order.OrderApi", "createOrder"),
            12446858361851239334U);
  EXPECT_EQ(EndpointId(Level::kApp, "order-service", "", ""), 2426956059583918328U);
}

TEST(EndpointId, KeepsBordersAndLevelsApart) {
  EXPECT_NE(EndpointId(Level::kMethod, "ab", "c", ""), EndpointId(Level::kMethod, "a", "bc", ""));
  EXPECT_NE(EndpointId(Level::kMethod, "a", "", ""), EndpointId(Level::kApp, "a", "", ""));
  EXPECT_NE(EndpointId(Level::kMethod, "a", "b", "c "), EndpointId(Level::kMethod, "a", "b", "c"));
  EXPECT_NE(EndpointId(Level::kMethod, "A", "b", "c"), EndpointId(Level::kMethod, "a", "b", "c"));
}

}  // namespace
}  // namespace tymbal
