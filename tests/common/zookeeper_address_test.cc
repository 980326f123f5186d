#include "common/zookeeper_address.h"

#include <gmock/gmock.h>

namespace tymbal {
namespace {

using ::testing::HasSubstr;

TEST(ZookeeperAddress, SeparatesTheServersFromTheChroot) {
  const auto plain = ParseZookeeperAddress("zk1:2181,[::1]:2182");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->servers, "zk1:2181,[::1]:2182");
  EXPECT_EQ(plain->chroot, "");
  const auto below = ParseZookeeperAddress("zk1:2181,zk2:2181/infra/zoo");
  ASSERT_TRUE(below.has_value());
  EXPECT_EQ(below->servers, "zk1:2181,zk2:2181");
  EXPECT_EQ(below->chroot, "/infra/zoo");
  EXPECT_EQ(ParseZookeeperAddress("zk1:2181/")->chroot, "") << "the root is none";
}

TEST(ZookeeperAddress, PutsAPathBelowTheChroot) {
  EXPECT_EQ((ZookeeperAddress{"zk:1"}.Below("/web")), "/web");
  EXPECT_EQ((ZookeeperAddress{"zk:1"}.Below("/")), "/");
  EXPECT_EQ((ZookeeperAddress{"zk:1", "/a/b"}.Below("/web")), "/a/b/web");
  EXPECT_EQ((ZookeeperAddress{"zk:1", "/a/b"}.Below("/")), "/a/b");
}

TEST(ZookeeperAddress, SaysWhatIsWrong) {
  const auto error = [](const std::string& text) {
    const auto address = ParseZookeeperAddress(text);
    return address ? "" : address.error().message();
  };
  EXPECT_THAT(error(""), HasSubstr("'' is no host:port"));
  EXPECT_THAT(error("zk1"), HasSubstr("'zk1' is no host:port"));
  EXPECT_THAT(error(":2181"), HasSubstr("no host:port"));
  EXPECT_THAT(error("zk1:2181,"), HasSubstr("'' is no host:port"));
  EXPECT_THAT(error("zk1:2181, zk2:2181"), HasSubstr("' zk2:2181' is no host:port"));
  EXPECT_THAT(error("zk1:0"), HasSubstr("no port from 1 to 65535"));
  EXPECT_THAT(error("zk1:65536"), HasSubstr("no port from 1 to 65535"));
  EXPECT_THAT(error("zk1:2181x"), HasSubstr("no port from 1 to 65535"));
  EXPECT_THAT(error("zk1:2181/a,zk2:2181/a"), HasSubstr("once, behind the last server"));
  EXPECT_THAT(error("zk1:2181/a/"), HasSubstr("'/a/' is no path"));
  EXPECT_THAT(error("zk1:2181//a"), HasSubstr("is no path"));
}

TEST(ZookeeperAddress, KnowsWhatAPathIs) {
  for (const char* const path : {"/", "/a", "/infra/支付/x.y", "/..."}) {
    EXPECT_TRUE(CheckZnodePath(path).ok()) << path;
  }
  for (const char* const path : {"", "a", "/a/", "//", "/a//b", "/a/./b", "/..", "/a\tb"}) {
    EXPECT_FALSE(CheckZnodePath(path).ok()) << path;
  }
}

}  // namespace
}  // namespace tymbal
