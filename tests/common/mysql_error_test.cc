#include "common/mysql_error.h"

#include <gtest/gtest.h>

namespace tymbal {
namespace {

MysqlError Classify(int code, MysqlDuring during = MysqlDuring::kStatement,
                    std::string_view message = "text of the server") {
  return ClassifyMysqlError(code, message, during);
}

TEST(MysqlError, RepeatsWhatTheServerGaveUp) {
  for (const int code : {1020, 1205, 1213, 1412, 1969, 3024, 1317}) {
    EXPECT_EQ(Classify(code).kind, MysqlErrorKind::kRetry) << code;
    EXPECT_EQ(Classify(code).status.error_class(), ErrorClass::kTransient) << code;
    EXPECT_FALSE(BreaksConnection(Classify(code).kind)) << code << " needs a ROLLBACK";
  }
}

TEST(MysqlError, DoubtsOnlyALostCommit) {
  for (const int code : {2006, 2013, 2055, 1927, 1053, 4031}) {
    EXPECT_EQ(Classify(code).status.error_class(), ErrorClass::kTransient) << code;
    EXPECT_EQ(Classify(code, MysqlDuring::kCommit).status.error_class(), ErrorClass::kAmbiguous)
        << code;
    EXPECT_TRUE(BreaksConnection(Classify(code).kind)) << code;
  }
  EXPECT_EQ(Classify(1213, MysqlDuring::kCommit).status.error_class(), ErrorClass::kTransient)
      << "an answer leaves no doubt";
}

TEST(MysqlError, WaitsForServersThatAreBusyOrReadOnly) {
  for (const int code : {1040, 1203, 1226}) {
    EXPECT_EQ(Classify(code, MysqlDuring::kConnect).kind, MysqlErrorKind::kBusy) << code;
    EXPECT_EQ(Classify(code).status.error_class(), ErrorClass::kTransient) << code;
  }
  EXPECT_EQ(Classify(1836).kind, MysqlErrorKind::kReadOnly);
  EXPECT_EQ(Classify(1290, MysqlDuring::kStatement,
                     "The MariaDB server is running with the --read-only option")
                .kind,
            MysqlErrorKind::kReadOnly);
  EXPECT_EQ(Classify(1290, MysqlDuring::kStatement,
                     "The server is running with the --secure-file-priv option")
                .status.error_class(),
            ErrorClass::kPermanent);
}

TEST(MysqlError, NeverRepeatsWhatFailsAgain) {
  for (const int code : {1366, 1406, 1264, 1062, 4025, 3819}) {
    EXPECT_EQ(Classify(code).kind, MysqlErrorKind::kBadRow) << code;
    EXPECT_EQ(Classify(code).status.error_class(), ErrorClass::kPermanent) << code;
  }
  for (const int code : {1044, 1045, 1049, 1142, 1146, 1665}) {
    EXPECT_EQ(Classify(code).status.code(), StatusCode::kInvalidArgument) << code;
  }
  for (const int code : {1114, 1021}) {
    EXPECT_EQ(Classify(code).status.code(), StatusCode::kExhausted) << code;
  }
  EXPECT_EQ(Classify(1064).status.code(), StatusCode::kInternal);
  EXPECT_EQ(Classify(1153).kind, MysqlErrorKind::kTooLarge);
  EXPECT_EQ(Classify(0, MysqlDuring::kConnect).status.code(), StatusCode::kInvalidArgument);
}

TEST(MysqlError, TellsAWrongCertificateFromAServerThatRestarts) {
  EXPECT_EQ(Classify(2026, MysqlDuring::kConnect,
                     "TLS/SSL error: Validation of SSL server certificate failed")
                .status.error_class(),
            ErrorClass::kPermanent);
  EXPECT_EQ(Classify(2026, MysqlDuring::kConnect,
                     "SSL connection error: SSL is required, but the server does not support it")
                .status.error_class(),
            ErrorClass::kPermanent);
  EXPECT_EQ(Classify(2026, MysqlDuring::kConnect, "TLS/SSL error: Connection reset by peer")
                .status.error_class(),
            ErrorClass::kTransient);
}

}  // namespace
}  // namespace tymbal
