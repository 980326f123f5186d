#include "search/search_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "support/test_file.h"

namespace tymbal::search {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestFile;
using Variables = std::map<std::string, std::string>;

constexpr char kCanary[] = "canary-Tr0ub4dor";
constexpr char kHost[] = "https://es1:9200";

Result<SearchTarget> TryParse(const SearchTargetText& text, const Variables& variables) {
  return ParseSearchTarget(text,
                           [&variables](const std::string& name) -> std::optional<std::string> {
                             const auto found = variables.find(name);
                             if (found == variables.end()) return std::nullopt;
                             return found->second;
                           });
}

SearchTarget Parse(const SearchTargetText& text, const Variables& variables = {}) {
  const Result<SearchTarget> target = TryParse(text, variables);
  if (!target.has_value()) throw std::runtime_error(target.error().message());
  return *target;
}

std::string ErrorOf(const SearchTargetText& text, const Variables& variables = {}) {
  const Result<SearchTarget> target = TryParse(text, variables);
  if (target.has_value()) return "no error";
  EXPECT_EQ(target.error().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(target.error().message(), Not(HasSubstr(kCanary)));
  return target.error().message();
}

TEST(SearchTarget, GivesEachHost) {
  const SearchTarget target = Parse(
      {.hosts = "https://es1.example.org:9200, https://[::1]:9201/a/b//,https://10.0.0.1:443"});
  ASSERT_EQ(target.hosts.size(), 3U);
  EXPECT_EQ(target.hosts[0].url, "https://es1.example.org:9200");
  EXPECT_EQ(target.hosts[0].name, "es1.example.org:9200");
  EXPECT_EQ(target.hosts[1].url, "https://[::1]:9201/a/b");
  EXPECT_EQ(target.hosts[1].name, "[::1]:9201");
  EXPECT_EQ(target.hosts[2].url, "https://10.0.0.1:443");
  EXPECT_TRUE(target.https);
  EXPECT_EQ(target.authorization, "");
  EXPECT_EQ(target.user_agent, "tymbal/" TYMBAL_VERSION);
  EXPECT_EQ(target.opaque_id, "tymbal");
  EXPECT_FALSE(Parse({.hosts = "http://es1:9200"}).https);
}

TEST(SearchTarget, RefusesWhatIsNoListOfHosts) {
  const std::map<std::string, std::string> errors = {
      {"", "no host"},
      {"es1:9200", "neither https:// nor http://"},
      {"ftp://es1:9200", "neither https:// nor http://"},
      {"file:///etc/passwd", "neither https:// nor http://"},
      {"https://", "no host name"},
      {"https://:9200", "no host name"},
      {"https://es1", "no port; a search server's own is 9200"},
      {"https://[::1]", "no port"},
      {"https://es1:0", "1 to 65535"},
      {"https://es1:65536", "1 to 65535"},
      {"https://es1:+1", "1 to 65535"},
      {"https://es1:", "1 to 65535"},
      {"https://e s:9200", "no host name"},
      {"https://es1:9200?x=1", "1 to 65535"},
      {"https://es1:9200/a?x", "must be encoded"},
      {"https://es1:9200/a#x", "must be encoded"},
      {"https://es1:9200,", "beside a comma"},
      {"https://es1:9200,,https://es2:9200", "beside a comma"},
      {"https://es1:9200,http://es2:9200", "either all"},
      {"https://es1:9200\r\nX-Evil: 1", "control character"},
  };
  for (const auto& [hosts, error] : errors) {
    EXPECT_THAT(ErrorOf({.hosts = hosts}),
                AllOf(HasSubstr("source.elasticsearch.hosts"), HasSubstr(error)))
        << hosts;
  }
}

TEST(SearchTarget, RefusesAPasswordInAUrlAndSaysWhereItBelongs) {
  const std::string secret(kCanary);
  for (const std::string& hosts :
       {"https://elastic:" + secret + "@es1:9200", "https://" + secret + "@es1:9200",
        "https://elastic:a," + secret + "@es1:9200", "https://a:" + secret + "/@es1:9200"}) {
    EXPECT_THAT(ErrorOf({.hosts = hosts}),
                AllOf(HasSubstr("password_file"), HasSubstr("TYMBAL_SOURCE_PASSWORD")));
  }
  // Where the @ got lost, what stays is not shown either.
  EXPECT_THAT(ErrorOf({.hosts = "https://elastic:" + secret}), HasSubstr("hosts"));
}

TEST(SearchTarget, LogsInWithAUser) {
  // The example of RFC 7617.
  const TestFile file("search_password", "open sesame\n", 0600);
  EXPECT_EQ(Parse({.hosts = kHost, .user = "Aladdin", .password_file = file.path()}).authorization,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(Parse({.hosts = kHost, .user = "Aladdin"}, {{"TYMBAL_SOURCE_PASSWORD", "open sesame"}})
                .authorization,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST(SearchTarget, LogsInWithAnApiKeyAsItIsOrEncoded) {
  const TestFile file("search_api_key", "id:key\n", 0600);
  EXPECT_EQ(Parse({.hosts = kHost, .api_key_file = file.path()}).authorization, "ApiKey aWQ6a2V5");
  EXPECT_EQ(Parse({.hosts = kHost}, {{"TYMBAL_SOURCE_API_KEY", "aWQ6a2V5"}}).authorization,
            "ApiKey aWQ6a2V5");
}

TEST(SearchTarget, LogsInWithAToken) {
  const TestFile file("search_token", "abc.DEF-_~+/=\n", 0600);
  EXPECT_EQ(Parse({.hosts = kHost, .token_file = file.path()}).authorization,
            "Bearer abc.DEF-_~+/=");
  EXPECT_EQ(Parse({.hosts = kHost}, {{"TYMBAL_SOURCE_TOKEN", "t"}}).authorization, "Bearer t");
}

TEST(SearchTarget, PrefersTheFileToTheEnvironment) {
  const TestFile file("search_token_first", "of-file", 0600);
  EXPECT_EQ(Parse({.hosts = kHost, .token_file = file.path()}, {{"TYMBAL_SOURCE_TOKEN", "of-env"}})
                .authorization,
            "Bearer of-file");
}

TEST(SearchTarget, RefusesHalfALoginOrTwo) {
  const std::string secret(kCanary);
  EXPECT_THAT(ErrorOf({.hosts = kHost, .user = "a"}),
              AllOf(HasSubstr("password_file"), HasSubstr("TYMBAL_SOURCE_PASSWORD")));
  EXPECT_THAT(ErrorOf({.hosts = kHost, .user = "a"}, {{"TYMBAL_SOURCE_PASSWORD", ""}}),
              HasSubstr("there is no password"));
  EXPECT_THAT(ErrorOf({.hosts = kHost}, {{"TYMBAL_SOURCE_PASSWORD", secret}}),
              HasSubstr("but no user"));
  EXPECT_THAT(ErrorOf({.hosts = kHost, .user = "a:" + secret}), HasSubstr("colon"));
  EXPECT_THAT(ErrorOf({.hosts = kHost},
                      {{"TYMBAL_SOURCE_API_KEY", secret}, {"TYMBAL_SOURCE_TOKEN", secret}}),
              HasSubstr("more than one way to log in"));
}

TEST(SearchTarget, RefusesSecretsThatOthersMayReadOrThatBreakOutOfAHeader) {
  for (const mode_t mode : {0644U, 0620U, 0604U, 0660U}) {
    const TestFile file("search_open_secret", kCanary, mode);
    const SearchTargetText texts[] = {
        {.hosts = kHost, .user = "a", .password_file = file.path()},
        {.hosts = kHost, .api_key_file = file.path()},
        {.hosts = kHost, .token_file = file.path()},
        {.hosts = kHost, .client_certificate_file = file.path(), .client_key_file = file.path()}};
    for (const SearchTargetText& text : texts) {
      EXPECT_THAT(ErrorOf(text), AllOf(HasSubstr("chmod 600"), HasSubstr("source.elasticsearch.")));
    }
  }
  const std::string evil = std::string(kCanary) + "\r\nX-Evil: 1";
  EXPECT_THAT(ErrorOf({.hosts = kHost, .user = "a"}, {{"TYMBAL_SOURCE_PASSWORD", evil}}),
              HasSubstr("TYMBAL_SOURCE_PASSWORD"));
  EXPECT_THAT(ErrorOf({.hosts = kHost}, {{"TYMBAL_SOURCE_API_KEY", evil}}),
              HasSubstr("TYMBAL_SOURCE_API_KEY"));
  EXPECT_THAT(ErrorOf({.hosts = kHost}, {{"TYMBAL_SOURCE_TOKEN", evil}}),
              HasSubstr("TYMBAL_SOURCE_TOKEN"));
  EXPECT_THAT(ErrorOf({.hosts = kHost}, {{"TYMBAL_SOURCE_API_KEY", std::string(kCanary) + " x"}}),
              HasSubstr("api_key_file"));
  EXPECT_THAT(ErrorOf({.hosts = kHost}, {{"TYMBAL_SOURCE_TOKEN", std::string(kCanary) + " x"}}),
              HasSubstr("token_file"));
}

TEST(SearchTarget, RefusesNamesThatBreakOutOfAHeader) {
  EXPECT_THAT(ErrorOf({.hosts = kHost, .user = "a\nb"}), HasSubstr("elasticsearch.user"));
  EXPECT_THAT(ErrorOf({.hosts = kHost, .opaque_id = "a\rb"}), HasSubstr("opaque_id"));
  EXPECT_THAT(ErrorOf({.hosts = kHost, .opaque_id = "\xc3\xa4"}), HasSubstr("opaque_id"));
  EXPECT_THAT(ErrorOf({.hosts = kHost, .opaque_id = std::string(101, 'a')}),
              HasSubstr("opaque_id"));
  EXPECT_EQ(Parse({.hosts = kHost, .opaque_id = "tymbal web"}).opaque_id, "tymbal web");
}

TEST(SearchTarget, TakesTheFilesOfTls) {
  const TestFile open("search_ca.pem", "x", 0644);
  const TestFile key("search_key.pem", "x", 0600);
  const SearchTarget target = Parse({.hosts = kHost,
                                     .ca_file = open.path(),
                                     .client_certificate_file = open.path(),
                                     .client_key_file = key.path()});
  EXPECT_EQ(target.ca_file, open.path());
  EXPECT_EQ(target.client_certificate_file, open.path());
  EXPECT_EQ(target.client_key_file, key.path());
  EXPECT_THAT(ErrorOf({.hosts = kHost, .ca_file = "/nowhere/ca.pem"}),
              AllOf(HasSubstr("ca_file"), HasSubstr("/nowhere/ca.pem")));
  EXPECT_THAT(ErrorOf({.hosts = "http://es1:9200", .ca_file = open.path()}),
              HasSubstr("of no use with http://"));
  EXPECT_THAT(ErrorOf({.hosts = kHost, .client_certificate_file = open.path()}),
              HasSubstr("client_key_file: it is missing"));
  EXPECT_THAT(ErrorOf({.hosts = kHost, .client_key_file = key.path()}),
              HasSubstr("client_certificate_file: it is missing"));
}

TEST(SearchTarget, KnowsWhenTheNetworkSeesItsCredentials) {
  const Variables token = {{"TYMBAL_SOURCE_TOKEN", "t"}};
  EXPECT_TRUE(Parse({.hosts = "http://es1:9200"}, token).ShowsCredentials());
  EXPECT_TRUE(Parse({.hosts = "http://localhost:9200,http://es1:9200"}, token).ShowsCredentials());
  EXPECT_FALSE(Parse({.hosts = "https://es1:9200"}, token).ShowsCredentials());
  EXPECT_FALSE(Parse({.hosts = "http://es1:9200"}).ShowsCredentials());
  for (const char* local : {"http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"}) {
    EXPECT_FALSE(Parse({.hosts = local}, token).ShowsCredentials()) << local;
  }
}

}  // namespace
}  // namespace tymbal::search
