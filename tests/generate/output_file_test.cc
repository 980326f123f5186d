#include "generate/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace tymbal::generate {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Gunzip(const std::string& path) {
  std::string text(10'000'000, '\0');
  const gzFile file = gzopen(path.c_str(), "rb");
  text.resize(static_cast<size_t>(gzread(file, text.data(), static_cast<unsigned>(text.size()))));
  EXPECT_EQ(gzclose(file), Z_OK);
  return text;
}

std::string Unzstd(const std::string& path) {
  const std::string bytes = ReadFile(path);
  std::string text(10'000'000, '\0');
  const size_t size = ZSTD_decompress(text.data(), text.size(), bytes.data(), bytes.size());
  EXPECT_EQ(ZSTD_isError(size), 0U);
  text.resize(size);
  return text;
}

class OutputFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "tymbal_output_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const { return directory_ + '/' + name; }

  /// Writes a text of about 4 MB in pieces and returns it.
  static std::string WriteText(const std::string& path) {
    const std::unique_ptr<OutputFile> file = std::move(OutputFile::Open(path).value());
    std::string text;
    for (int64_t i = 0; i < 200; ++i) {
      std::string piece;
      for (int64_t j = 0; j < 2000; ++j) piece += std::to_string(i * j * 7919) + '\n';
      EXPECT_TRUE(file->Write(piece).ok());
      text += piece;
    }
    EXPECT_TRUE(file->Close().ok());
    return text;
  }

 private:
  std::string directory_;
};

TEST_F(OutputFileTest, NameDecidesTheCompression) {
  // EXPECT_TRUE, as a difference of megabytes is no readable message.
  const std::string text = WriteText(Path("a.ndjson"));
  EXPECT_TRUE(ReadFile(Path("a.ndjson")) == text);
  EXPECT_TRUE(WriteText(Path("a.ndjson.gz")) == text);
  EXPECT_TRUE(Gunzip(Path("a.ndjson.gz")) == text);
  EXPECT_TRUE(WriteText(Path("a.ndjson.zst")) == text);
  EXPECT_TRUE(Unzstd(Path("a.ndjson.zst")) == text);
  EXPECT_LT(std::filesystem::file_size(Path("a.ndjson.gz")), text.size() / 2);
  EXPECT_LT(std::filesystem::file_size(Path("a.ndjson.zst")), text.size() / 2);
}

TEST_F(OutputFileTest, OverwritesALongerFile) {
  std::ofstream(Path("a")) << std::string(100, 'x');
  const auto file = OutputFile::Open(Path("a"));
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->Write("short").ok());
  EXPECT_TRUE((*file)->Close().ok());
  EXPECT_EQ(ReadFile(Path("a")), "short");
}

TEST_F(OutputFileTest, AMissingDirectoryIsNamed) {
  const auto file = OutputFile::Open(Path("none/a.ndjson"));
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message().find("none/a.ndjson"), std::string::npos);
}

TEST_F(OutputFileTest, AFullDiskIsExhaustedAndNamed) {
  const auto file = OutputFile::Open("/dev/full");
  ASSERT_TRUE(file);
  const Status status = (*file)->Write("x");
  EXPECT_EQ(status.code(), StatusCode::kExhausted);
  EXPECT_NE(status.message().find("/dev/full"), std::string::npos) << status.message();
}

TEST_F(OutputFileTest, AReaderThatHasGoneIsUnavailable) {
  std::signal(SIGPIPE, SIG_IGN);
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  const int both_ends =
      open(Path("pipe").c_str(), O_RDWR | O_CLOEXEC);  // So that none has to wait.
  const auto file = OutputFile::Open(Path("pipe"));
  close(both_ends);
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->Write("x").code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace tymbal::generate
