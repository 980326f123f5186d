#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tymbal::testing {

/// A file of these contents and permissions.
class TestFile {
 public:
  TestFile(const std::string& name, const std::string& text, mode_t mode)
      : path_(::testing::TempDir() + name) {
    std::filesystem::remove(path_);
    std::ofstream(path_) << text;
    chmod(path_.c_str(), mode);
  }
  ~TestFile() { std::filesystem::remove(path_); }
  TestFile(const TestFile&) = delete;
  TestFile& operator=(const TestFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tymbal::testing
