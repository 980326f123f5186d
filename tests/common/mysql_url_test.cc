#include "common/mysql_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "support/test_file.h"

namespace tymbal {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestFile;

constexpr char kCanary[] = "canary-Tr0ub4dor";

Environment With(std::map<std::string, std::string> values) {
  return [values](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

MysqlTarget Parse(const std::string& url) {
  const Result<MysqlTarget> target = ParseMysqlUrl(url, With({}));
  if (!target.has_value()) throw std::runtime_error(target.error().message());
  return *target;
}

std::string ErrorOf(const std::string& url) {
  const Result<MysqlTarget> target = ParseMysqlUrl(url, With({}));
  if (target.has_value()) return "no error";
  EXPECT_EQ(target.error().code(), StatusCode::kInvalidArgument);
  return target.error().message();
}

TEST(MysqlUrl, GivesEachPart) {
  const TestFile ca("mysql_url_ca.pem", "x", 0644);
  const MysqlTarget target = Parse("mysql://tymbal@db.example.org:3307/spans?ca=" + ca.path() +
                                   "&tls=required&connect_timeout=3");
  EXPECT_EQ(target.host, "db.example.org");
  EXPECT_EQ(target.port, 3307);
  EXPECT_EQ(target.user, "tymbal");
  EXPECT_EQ(target.database, "spans");
  EXPECT_EQ(target.password, "");
  EXPECT_EQ(target.ca_file, ca.path());
  EXPECT_EQ(target.tls, MysqlTls::kRequired);
  EXPECT_EQ(target.connect_timeout_s, 3);
  EXPECT_EQ(Parse("mysql://a@h/d").port, 3306);
  EXPECT_EQ(Parse("mysql://a@h/d").connect_timeout_s, 10);
}

TEST(MysqlUrl, DecodesPercentSigns) {
  const MysqlTarget target = Parse("mysql://a%40b%2fc@h/d%20e");
  EXPECT_EQ(target.user, "a@b/c");
  EXPECT_EQ(target.database, "d e");
  EXPECT_THAT(ErrorOf("mysql://a%4@h/d"), HasSubstr("%"));
  EXPECT_THAT(ErrorOf("mysql://a%zz@h/d"), HasSubstr("%"));
  EXPECT_THAT(ErrorOf("mysql://a%00@h/d"), HasSubstr("NUL"));
}

TEST(MysqlUrl, VerifiesTheServerUnlessItIsThisMachine) {
  for (const char* host : {"db", "db.example.org", "10.0.0.1", "127.evil.example", "[2001:db8::1]",
                           "localhost.evil.example", "128.0.0.1"}) {
    EXPECT_EQ(Parse(std::string("mysql://a@") + host + "/d").tls, MysqlTls::kVerify) << host;
  }
  for (const char* host : {"localhost", "127.0.0.1", "127.0.0.2", "[::1]"}) {
    EXPECT_EQ(Parse(std::string("mysql://a@") + host + "/d").tls, MysqlTls::kOff) << host;
    EXPECT_EQ(Parse(std::string("mysql://a@") + host + "/d?tls=verify").tls, MysqlTls::kVerify);
  }
  const TestFile ca("mysql_url_ca.pem", "x", 0644);
  EXPECT_EQ(Parse("mysql://a@localhost/d?ca=" + ca.path()).tls, MysqlTls::kVerify);
  EXPECT_EQ(Parse("mysql://a@db/d?tls=off").tls, MysqlTls::kOff);
  EXPECT_THAT(ErrorOf("mysql://a@db/d?tls=of"), HasSubstr("verify, required or off"));
  EXPECT_THAT(ErrorOf("mysql://a@db/d?tls=off&ca=" + ca.path()), HasSubstr("of no use"));
  EXPECT_THAT(ErrorOf("mysql://a@db/d?ca=/nowhere/ca.pem"), HasSubstr("/nowhere/ca.pem"));
}

TEST(MysqlUrl, ReadsAddressesOfVersionSix) {
  const MysqlTarget target = Parse("mysql://a@[2001:db8::1]:3307/d");
  EXPECT_EQ(target.host, "2001:db8::1");
  EXPECT_EQ(target.port, 3307);
  EXPECT_EQ(target.Name(), "mysql://a@[2001:db8::1]:3307/d");
}

TEST(MysqlUrl, SaysWhatIsWrongAndNeverShowsTheUrl) {
  const std::string c = kCanary;
  for (const std::string& url : std::vector<std::string>{"mysql://a:" + c + "@h/d",
                                                         "mysql://a:x@" + c + "@h/d",
                                                         "mysql://:" + c + "@h/d",
                                                         "mysql://a@h/d?password=" + c,
                                                         "mysql://a@h/d?pwd=" + c,
                                                         "mysql://a@h/d?tls=" + c,
                                                         "mysql://a@h/d?" + c,
                                                         "mysql://a@h/d?" + c + "=1",
                                                         "mysql://a@h/d?x=1&" + c,
                                                         "mysql://a@h:" + c + "/d",
                                                         "mysql://" + c,
                                                         "mysql://" + c + "/d",
                                                         "mysql://a@" + c + "$/d",
                                                         "mysql://a@h/d#" + c,
                                                         "mysql://a@h/d?connect_timeout=" + c,
                                                         "mysql://a@[" + c + "/d",
                                                         "mysql://a@h/`" + c,
                                                         "mysql://a@h/",
                                                         "mysql://a@/d",
                                                         "mysql://@h/d",
                                                         "mysql://a@h:0/d",
                                                         "mysql://a@h:65536/d",
                                                         "mysql://a@h:/d",
                                                         "mysql://a@[::1]x/d",
                                                         "mysql://a@h/d?tls=",
                                                         "mysql://a@h/d?connect_timeout=0"}) {
    EXPECT_THAT(ErrorOf(url), Not(HasSubstr(c)));
    EXPECT_THAT(ErrorOf(url), Not(HasSubstr("no error"))) << url;
  }
}

TEST(MysqlUrl, RefusesAPasswordAndSaysWhereItBelongs) {
  for (const char* url : {"mysql://a:b@h/d", "mysql://a:@h/d", "mysql://a@h/d?password=b"}) {
    EXPECT_THAT(ErrorOf(url), HasSubstr("?password_file=")) << url;
    EXPECT_THAT(ErrorOf(url), HasSubstr("TYMBAL_STORE_PASSWORD")) << url;
  }
}

TEST(MysqlUrl, TakesThePasswordFromTheFileOrElseTheEnvironment) {
  const std::map<std::string, std::string> variables = {{"TYMBAL_STORE_PASSWORD", "of-env"}};
  EXPECT_EQ(ParseMysqlUrl("mysql://a@h/d", With(variables))->password, "of-env");
  const TestFile file("mysql_url_password_taken", std::string(kCanary) + "\n", 0600);
  const std::string url = "mysql://a@h/d?password_file=" + file.path();
  EXPECT_EQ(ParseMysqlUrl(url, With(variables))->password, kCanary);
  EXPECT_THAT(ParseMysqlUrl(url, With(variables))->Name(), Not(HasSubstr(kCanary)));
}

TEST(MysqlUrl, RefusesAPasswordFileThatOthersMayRead) {
  for (const mode_t mode : {0644U, 0604U, 0660U, 0611U}) {
    const TestFile file("mysql_url_password", kCanary, mode);
    const std::string error = ErrorOf("mysql://a@h/d?password_file=" + file.path());
    EXPECT_THAT(error, HasSubstr("chmod 600"));
    EXPECT_THAT(error, Not(HasSubstr(kCanary)));
  }
  const TestFile empty("mysql_url_password", "\n", 0600);
  EXPECT_THAT(ErrorOf("mysql://a@h/d?password_file=" + empty.path()), HasSubstr("empty"));
  const TestFile two("mysql_url_password2", std::string(kCanary) + "\nb\n", 0600);
  EXPECT_THAT(ErrorOf("mysql://a@h/d?password_file=" + two.path()), HasSubstr("one line"));
  EXPECT_THAT(ErrorOf("mysql://a@h/d?password_file=/nowhere/p"), HasSubstr("/nowhere/p"));
  EXPECT_THAT(ErrorOf("mysql://a@h/d?password_file=" + ::testing::TempDir()),
              HasSubstr("password file"));
}

}  // namespace
}  // namespace tymbal
