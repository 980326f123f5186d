#include "common/secret_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace tymbal {
namespace {

using testing::HasSubstr;
using testing::Not;

class SecretFile : public testing::Test {
 protected:
  ~SecretFile() override { unlink(path_.c_str()); }

  Result<std::string> Read(const std::string& content, mode_t mode) {
    unlink(path_.c_str());
    std::ofstream(path_) << content;
    EXPECT_EQ(chmod(path_.c_str(), mode), 0);
    return ReadSecretFile("the key file", path_);
  }

  const std::string path_ = testing::TempDir() + "tymbal-secret-" + std::to_string(getpid());
};

TEST_F(SecretFile, ItsLineIsTheSecret) {
  EXPECT_EQ(*Read("s3cret\n", 0600), "s3cret");
  EXPECT_EQ(*Read("s3cret \r\n", 0400), "s3cret ");
  EXPECT_EQ(Read(std::string(4096, 'x'), 0600)->size(), 4096U);
}

TEST_F(SecretFile, OneThatOthersMayUseIsRefusedWithoutShowingIt) {
  for (const mode_t mode : {0604U, 0602U, 0620U, 0610U}) {
    const Result<std::string> read = Read("s3cret", mode);
    ASSERT_FALSE(read.has_value()) << std::oct << mode;
    EXPECT_EQ(read.error().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(read.error().message(), HasSubstr("others may use the key file " + path_));
    EXPECT_THAT(read.error().message(), Not(HasSubstr("s3cret")));
  }
}

TEST_F(SecretFile, AGroupMayReadWhatRootOwnsAndNothingElse) {
  if (geteuid() == 0) {
    EXPECT_EQ(*Read("s3cret", 0440), "s3cret");
    ASSERT_EQ(chown(path_.c_str(), 65534, 0), 0);
    EXPECT_FALSE(ReadSecretFile("the key file", path_).has_value());
  } else {
    EXPECT_FALSE(Read("s3cret", 0440).has_value());
  }
}

TEST_F(SecretFile, WhatIsNoSecretOfOneLineIsRefused) {
  EXPECT_THAT(Read("\n", 0600).error().message(), HasSubstr("is empty"));
  EXPECT_THAT(Read("a\nb\n", 0600).error().message(), HasSubstr("more than one line"));
  EXPECT_THAT(Read(std::string(4097, 'x'), 0600).error().message(), HasSubstr("4096 bytes"));
  EXPECT_THAT(ReadSecretFile("the key file", "/nowhere/x").error().message(),
              HasSubstr("can't read the key file"));
  EXPECT_THAT(ReadSecretFile("the key file", "/tmp").error().message(), HasSubstr("is no file"));
}

}  // namespace
}  // namespace tymbal
