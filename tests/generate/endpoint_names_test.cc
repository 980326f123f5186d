#include "generate/endpoint_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <unordered_set>

namespace tymbal::generate {
namespace {

TEST(EndpointNames, DifferentIndicesHaveDifferentNames) {
  constexpr uint32_t kEndpoints = 60'000;
  for (const uint32_t apps : {1U, 7U, 16U, 40U, 1000U, kEndpoints}) {
    std::unordered_set<std::string> names;
    std::unordered_set<std::string> app_names;
    for (uint32_t i = 0; i < kEndpoints; ++i) {
      const EndpointName name = MakeEndpoint(i, apps).name;
      names.insert(name.app + '\n' + name.service + '\n' + name.method);
      app_names.insert(name.app);
      ASSERT_FALSE(name.app.empty() || name.method.empty());
      ASSERT_LT(name.service.size() + name.method.size(), 200U);
    }
    EXPECT_EQ(names.size(), kEndpoints) << apps;
    EXPECT_EQ(app_names.size(), apps);
  }
}

TEST(EndpointNames, FewMethodsNeedEscapesOrAreNotAscii) {
  int escaped = 0;
  int foreign = 0;
  int without_service = 0;
  for (uint32_t i = 0; i < 20'000; ++i) {
    const EndpointName name = MakeEndpoint(i, 20).name;
    if (name.method.find_first_of("\"\\") != std::string::npos) ++escaped;
    if (std::any_of(name.method.begin(), name.method.end(),
                    [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
      ++foreign;
    }
    if (name.service.empty()) ++without_service;
  }
  EXPECT_EQ(escaped, 50);  // 0.25 %
  EXPECT_EQ(foreign, 50);
  EXPECT_NEAR(without_service, 20'000 * 5 / 16, 100);
}

TEST(EndpointNames, EveryKindOccurs) {
  std::set<SpanKind> kinds;
  for (uint32_t i = 0; i < 1000; ++i) kinds.insert(MakeEndpoint(i, 20).kind);
  EXPECT_EQ(kinds.size(), 5U);
}

}  // namespace
}  // namespace tymbal::generate
