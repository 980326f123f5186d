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
    return ReadSecretFile(path_, "the key file");
  }

  const std::string path_ = testing::TempDir() + "tymbal-secret-" + std::to_string(getpid());
};

TEST_F(SecretFile, ItsLineIsTheSecret) {
  EXPECT_EQ(*Read("s3cret\n", 0600), "s3cret");
  EXPECT_EQ(*Read("s3cret \r\n", 0400), "s3cret ");
  EXPECT_EQ(Read(std::string(1024, 'x'), 0600)->size(), 1024U);
}

TEST_F(SecretFile, OneThatOthersMayUseIsRefusedWithoutShowingIt) {
  for (const mode_t mode : {0604, 0602, 0620, 0610}) {
    const Result<std::string> read = Read("s3cret", mode);
    ASSERT_FALSE(read.has_value()) << std::oct << mode;
    EXPECT_EQ(read.error().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(read.error().message(), HasSubstr("the key file " + path_ + " may be used by"));
    EXPECT_THAT(read.error().message(), Not(HasSubstr("s3cret")));
  }
}

TEST_F(SecretFile, AGroupMayReadWhatRootOwnsAndNothingElse) {
  if (geteuid() == 0) {
    EXPECT_EQ(*Read("s3cret", 0440), "s3cret");
    ASSERT_EQ(chown(path_.c_str(), 65534, 0), 0);
    EXPECT_FALSE(ReadSecretFile(path_, "the key file").has_value());
  } else {
    EXPECT_FALSE(Read("s3cret", 0440).has_value());
  }
}

TEST_F(SecretFile, WhatIsNoSecretOfOneLineIsRefused) {
  EXPECT_THAT(Read("\n", 0600).error().message(), HasSubstr("is empty"));
  EXPECT_THAT(Read("a\nb\n", 0600).error().message(), HasSubstr("more than one line"));
  EXPECT_THAT(Read(std::string(1025, 'x'), 0600).error().message(), HasSubstr("1024 bytes"));
  EXPECT_THAT(ReadSecretFile("/nowhere/x", "the key file").error().message(),
              HasSubstr("can't be read"));
  EXPECT_THAT(ReadSecretFile("/tmp", "the key file").error().message(), HasSubstr("is no file"));
}

}  // namespace
}  // namespace tymbal
