#include "worker/endpoint_table.h"

#include <gtest/gtest.h>

#include <string>

namespace tymbal::worker {
namespace {

uint32_t Intern(EndpointTable* table, std::string_view app, std::string_view service,
                std::string_view method) {
  const EndpointTable::Names names{app, service, method};
  return table->Intern(EndpointTable::Hash(names), names);
}

TEST(EndpointTable, NumbersEndpointsInOrderOfAppearance) {
  EndpointTable table;
  for (uint32_t i = 0; i < 50'000; ++i) {
    ASSERT_EQ(Intern(&table, "app", "service", "method" + std::to_string(i)), i);
  }
  for (uint32_t i = 0; i < 50'000; ++i) {
    ASSERT_EQ(Intern(&table, "app", "service", "method" + std::to_string(i)), i);
    ASSERT_EQ(table.NamesOf(i).method, "method" + std::to_string(i));
  }
}

TEST(EndpointTable, EqualHashesDontMergeEndpoints) {
  EndpointTable table;
  for (uint32_t i = 0; i < 100; ++i) {
    const std::string method = "m" + std::to_string(i);
    EXPECT_EQ(table.Intern(42, {"a", "s", method}), i);
  }
  EXPECT_EQ(table.Intern(42, {"a", "s", "m7"}), 7U);
  EXPECT_EQ(table.Intern(42, {"a", "sm", "7"}), 100U);  // The same bytes, other borders.
}

TEST(EndpointTable, NamesDifferByBytes) {
  EndpointTable table;
  uint32_t next = 0;
  for (const std::string_view method :
       {std::string_view("a"), std::string_view("A"), std::string_view("a "),
        std::string_view("a\0", 2), std::string_view("\xc3\xa9"), std::string_view("e\xcc\x81"),
        std::string_view("")}) {
    EXPECT_EQ(Intern(&table, "x", "", method), next++);
  }
}

TEST(EndpointTable, TheHashNeverChanges) {
  EXPECT_EQ(EndpointTable::Hash({"order-service", "com.acme.order.OrderApi", "createOrder"}),
            7550453204763050547U);
  EXPECT_NE(EndpointTable::Hash({"a", "b", ""}), EndpointTable::Hash({"b", "a", ""}));
}

}  // namespace
}  // namespace tymbal::worker
