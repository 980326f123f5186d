#include "common/mysql_literal.h"

#include <gtest/gtest.h>

#include "common/mysql_endpoint_cache.h"

namespace tymbal {
namespace {

TEST(MysqlLiteral, QuotesOnlyWhatNeedsNoEscape) {
  EXPECT_EQ(MysqlBytes(""), "''");
  EXPECT_EQ(MysqlBytes("GET /cart-2_a.b:c "), "'GET /cart-2_a.b:c '");
  EXPECT_EQ(MysqlBytes("it's"), "X'69742773'");
  EXPECT_EQ(MysqlBytes("\\"), "X'5C'");
  EXPECT_EQ(MysqlBytes("\xff"), "X'FF'");
  EXPECT_EQ(MysqlBytes(std::string(1, '\0')), "X'00'");
  EXPECT_EQ(MysqlBytes("%"), "X'25'");
}

TEST(MysqlEndpointCache, HoldsOnlyWhatWasCommittedUnderTheSameNames) {
  MysqlEndpointCache cache;
  const EndpointName name = {"app", "service", "method"};
  cache.Note(5, Level::kMethod, name);
  EXPECT_FALSE(cache.Holds(5, Level::kMethod, name)) << "not committed yet";
  cache.ForgetNoted();
  cache.Confirm();
  EXPECT_FALSE(cache.Holds(5, Level::kMethod, name)) << "rolled back";
  cache.Note(5, Level::kMethod, name);
  cache.Confirm();
  EXPECT_TRUE(cache.Holds(5, Level::kMethod, name));
  EXPECT_FALSE(cache.Holds(5, Level::kService, name));
  EXPECT_FALSE(cache.Holds(5, Level::kMethod, {"app", "service", "methoe"}));
  EXPECT_FALSE(cache.Holds(5, Level::kMethod, {"app", "servicem", "ethod"}));
  EXPECT_FALSE(cache.Holds(6, Level::kMethod, name));
  cache.Clear();
  EXPECT_FALSE(cache.Holds(5, Level::kMethod, name)) << "another connection";
}

}  // namespace
}  // namespace tymbal
