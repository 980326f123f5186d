// What of TLS is accepted, and what the messages tell a person to do, on openssl's own server.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "search/curl_http_fixture.h"
#include "support/tls_test_server.h"

namespace tymbal::search {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TestCertificates;
using testing::TlsTestServer;

class CurlTls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (testing::HasOpenssl()) certificates_ = std::make_unique<TestCertificates>();
  }
  static void TearDownTestSuite() { certificates_.reset(); }
  void SetUp() override {
    if (certificates_ == nullptr) GTEST_SKIP() << "there is no openssl: scripts/setup stack";
  }

  static SearchTarget Target(const TlsTestServer& server, const std::string& host = "localhost") {
    const std::string name = fmt::format("{}:{}", host, server.port());
    SearchTarget target;
    target.hosts = {{.url = "https://" + name, .name = name}};
    target.https = true;
    target.ca_file = certificates_->Path("ca.pem");
    return target;
  }
  static SearchTarget WithClient(SearchTarget target, const std::string& certificate,
                                 const std::string& key) {
    target.client_certificate_file = certificates_->Path(certificate);
    target.client_key_file = certificates_->Path(key);
    return target;
  }

  static Result<HttpAnswer> Ask(const SearchTarget& target, HttpBody* body) {
    const HttpRequest request = {.target = "/answer", .deadline = std::chrono::seconds(10)};
    return MakeCurlHttpFactory({.target = target})()->Send(request, body);
  }
  static void ExpectAnswer(const SearchTarget& target) {
    HttpBody body;
    const auto answer = Ask(target, &body);
    ASSERT_TRUE(answer.has_value()) << answer.error().message();
    EXPECT_EQ(body.text(), R"({"tls":true})");
  }
  static std::string Refusal(const SearchTarget& target) {
    HttpBody body;
    const auto answer = Ask(target, &body);
    EXPECT_FALSE(answer.has_value());
    if (answer.has_value()) return "no error";
    EXPECT_EQ(answer.error().code(), StatusCode::kInvalidArgument) << answer.error().message();
    EXPECT_THAT(answer.error().message(), HasSubstr(target.hosts[0].name));
    return answer.error().message();
  }

  static inline std::unique_ptr<TestCertificates> certificates_;
};

TEST_F(CurlTls, AcceptsTheRightCertificateByNameAndByAddress) {
  const TlsTestServer server(*certificates_, "server");
  ExpectAnswer(Target(server));
  ExpectAnswer(Target(server, "127.0.0.1"));
}

TEST_F(CurlTls, RefusesTheCertificateOfAnotherAuthority) {
  const TlsTestServer server(*certificates_, "server");
  SearchTarget target = Target(server);
  target.ca_file = certificates_->Path("other-ca.pem");
  EXPECT_THAT(Refusal(target), AllOf(HasSubstr(target.ca_file), HasSubstr("put the right one")));
  target.ca_file.clear();
  EXPECT_THAT(Refusal(target),
              HasSubstr("name the file of its CA in source.elasticsearch.ca_file"));
}

TEST_F(CurlTls, TrustsNoAuthorityOfTheEnvironment) {
  const TlsTestServer server(*certificates_, "server");
  SearchTarget target = Target(server);
  target.ca_file = certificates_->Path("other-ca.pem");
  setenv("SSL_CERT_FILE", certificates_->Path("ca.pem").c_str(), 1);
  EXPECT_THAT(Refusal(target), HasSubstr("put the right one"));
  unsetenv("SSL_CERT_FILE");
}

TEST_F(CurlTls, RefusesTheCertificateOfAnotherHost) {
  const TlsTestServer server(*certificates_, "elsewhere");
  for (const char* host : {"localhost", "127.0.0.1"}) {
    EXPECT_THAT(Refusal(Target(server, host)), HasSubstr("certificate is for other names"));
  }
}

TEST_F(CurlTls, RefusesAnExpiredCertificate) {
  const TlsTestServer server(*certificates_, "old");
  EXPECT_THAT(Refusal(Target(server)), HasSubstr("renew the server's certificate"));
}

TEST_F(CurlTls, RefusesAServerWithoutTls12) {
  const TlsTestServer server(*certificates_, "server",
                             {"-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"});
  EXPECT_THAT(Refusal(Target(server)), HasSubstr("TLS 1.2"));
}

TEST_F(CurlTls, SaysWhenOneSideSpeaksTlsAndTheOtherDoesNot) {
  const testing::HttpStub stub;
  SearchTarget target = TargetOf({&stub});
  target.hosts[0].url.replace(0, 4, "https");
  target.https = true;
  EXPECT_THAT(Refusal(target), HasSubstr("is it http:// in source.elasticsearch.hosts"));

  const TlsTestServer server(*certificates_, "server");
  target = Target(server);
  target.hosts[0].url.replace(0, 5, "http");
  target.https = false;
  HttpBody body;
  const auto answer = Ask(target, &body);
  ASSERT_FALSE(answer.has_value());
  EXPECT_THAT(answer.error().message(), HasSubstr("source.elasticsearch.hosts"));
}

TEST_F(CurlTls, LogsInWithACertificate) {
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    const TlsTestServer server(
        *certificates_, "server",
        {version, "-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"});
    ExpectAnswer(WithClient(Target(server), "client.pem", "client.key"));
    EXPECT_THAT(Refusal(Target(server)), HasSubstr("wants a certificate of its clients"))
        << version;
    EXPECT_THAT(Refusal(WithClient(Target(server), "other-client.pem", "other-client.key")),
                HasSubstr("does not accept the certificate"))
        << version;
  }
}

TEST_F(CurlTls, SaysWhichFilesOfItsOwnAreOfNoUse) {
  const TlsTestServer server(*certificates_, "server");
  EXPECT_THAT(Refusal(WithClient(Target(server), "client.pem", "server.key")),
              HasSubstr("belong together"));
  // Without a terminal to ask at.
  EXPECT_THAT(Refusal(WithClient(Target(server), "client.pem", "locked.key")),
              HasSubstr("without a passphrase"));
  SearchTarget target = Target(server);
  target.ca_file = certificates_->Path("answer");
  EXPECT_THAT(Refusal(target), HasSubstr("source.elasticsearch.ca_file"));
}

}  // namespace
}  // namespace tymbal::search
