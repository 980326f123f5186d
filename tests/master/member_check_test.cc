#include "master/member_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tymbal::master {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Member MemberOf(const std::string& node, const std::string& host) {
  Member member;
  member.node = {node};
  member.host = host;
  member.version = "1";
  member.clock_ms = 1'000'000;
  member.heard_ms = 1'000'000;
  return member;
}

TEST(MemberCheck, ASoundClusterGivesNoWarning) {
  EXPECT_THAT(CheckMembers({MemberOf("a", "h1"), MemberOf("b", "h2")}), IsEmpty());
  EXPECT_THAT(CheckMembers({MemberOf("a", "localhost"), MemberOf("b", "localhost")}), IsEmpty());
}

TEST(MemberCheck, AClockThatIsSecondsOffIsTold) {
  Member late = MemberOf("a", "h1");
  late.clock_ms -= 7'500;
  Member early = MemberOf("b", "h1");
  early.clock_ms += 60'000;
  EXPECT_THAT(CheckMembers({late, early}), ElementsAre(HasSubstr("node a is 7.5 s behind"),
                                                       HasSubstr("node b is 60.0 s ahead")));
}

TEST(MemberCheck, LoopbackAddressesInAClusterOfSeveralHostsAreTold) {
  Member hidden = MemberOf("b", "h2");
  hidden.http = "127.0.0.1:9880";
  EXPECT_THAT(CheckMembers({MemberOf("a", "h1"), hidden}),
              ElementsAre(HasSubstr("node b is registered with the loopback address 127.0.0.1")));
  EXPECT_THAT(CheckMembers({MemberOf("a", "h1"), MemberOf("b", "localhost")}),
              ElementsAre(HasSubstr("loopback address localhost")));
}

TEST(MemberCheck, MachinesThatAllCallThemselvesLocalhostAreTold) {
  Member here = MemberOf("a", "localhost");
  here.machine = "boot-1";
  Member there = MemberOf("b", "localhost");
  there.machine = "boot-1";
  EXPECT_THAT(CheckMembers({here, there}), IsEmpty());
  there.machine = "boot-2";
  EXPECT_THAT(CheckMembers({here, there}),
              ElementsAre(HasSubstr("node a is registered with the loopback address localhost"),
                          HasSubstr("node b is registered with the loopback address localhost")));
}

TEST(MemberCheck, DifferentVersionsAreTold) {
  Member newer = MemberOf("b", "h1");
  newer.version = "2";
  EXPECT_THAT(CheckMembers({MemberOf("a", "h1"), newer}), ElementsAre(HasSubstr("1, 2")));
}

}  // namespace
}  // namespace tymbal::master
