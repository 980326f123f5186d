// TLS that can't fall back, on a MariaDB with certificates (TYMBAL_TEST_MARIADB_TLS_URL, and _CA,
// _OTHER_CA, _WRONG_HOST) and on one without any (TYMBAL_TEST_MARIADB_URL). Skipped where they
// are missing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/mysql_db.h"
#include "contract/result_store_contract.h"
#include "support/mysql_test_server.h"

namespace tymbal::testing {
namespace {

using ::testing::HasSubstr;

Status Connect(const MysqlTarget& target) {
  MysqlDb db(target, MysqlLimits());
  return db.Connect();
}

class MysqlTls : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto target = FindServer(kMariadbTlsServer);
    if (!target.has_value()) {
      GTEST_SKIP() << WhyNoServer(kMariadbTlsServer);
    }
    target_ = *target;
    target_.ca_file = ReadVariable("TYMBAL_TEST_MARIADB_TLS_CA").value();
    target_.tls = tymbal::MysqlTls::kVerify;
  }
  MysqlTarget target_;
};

TEST_F(MysqlTls, AcceptsTheRightCertificateAndEncrypts) {
  MysqlDb db(target_, MysqlLimits());
  Expect(db.Connect());
  std::string cipher;
  Expect(db.Query("SHOW STATUS LIKE 'Ssl_cipher'", [&cipher](const MysqlRow& row) {
    cipher = row.String(1);
    return Status::Ok();
  }));
  EXPECT_NE(cipher, "");
}

TEST_F(MysqlTls, RefusesACertificateOfAnotherAuthority) {
  target_.ca_file = ReadVariable("TYMBAL_TEST_MARIADB_TLS_OTHER_CA").value();
  EXPECT_EQ(Connect(target_).code(), StatusCode::kInvalidArgument) << Connect(target_).message();
}

TEST_F(MysqlTls, RefusesACertificateThatTheSystemDoesNotKnow) {
  target_.ca_file.clear();
  EXPECT_EQ(Connect(target_).code(), StatusCode::kInvalidArgument) << Connect(target_).message();
}

TEST_F(MysqlTls, RefusesACertificateOfAnotherHost) {
  target_.host = ReadVariable("TYMBAL_TEST_MARIADB_TLS_WRONG_HOST").value();
  EXPECT_EQ(Connect(target_).code(), StatusCode::kInvalidArgument) << Connect(target_).message();
}

TEST_F(MysqlTls, EncryptsWithoutCheckingWhereThatIsAskedFor) {
  target_.tls = tymbal::MysqlTls::kRequired;
  target_.ca_file.clear();
  Expect(Connect(target_));
}

TEST(MysqlTlsMissing, RefusesAServerWithoutTlsInEveryModeButOff) {
  auto target = FindServer(kMariadbServer);
  if (!target.has_value()) GTEST_SKIP() << WhyNoServer(kMariadbServer);
  target->tls = tymbal::MysqlTls::kOff;
  MysqlDb db(*target, MysqlLimits());
  Expect(db.Connect());
  std::string have;
  Expect(db.Query("SHOW VARIABLES LIKE 'have_ssl'", [&have](const MysqlRow& row) {
    have = row.String(1);
    return Status::Ok();
  }));
  if (have == "YES") GTEST_SKIP() << "that server offers TLS";
  for (const auto mode : {tymbal::MysqlTls::kVerify, tymbal::MysqlTls::kRequired}) {
    target->tls = mode;
    const Status status = Connect(*target);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.message();
    EXPECT_THAT(status.message(), HasSubstr("TLS"));
  }
}

}  // namespace
}  // namespace tymbal::testing
