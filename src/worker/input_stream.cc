#include "worker/input_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace tymbal::worker {
namespace {

constexpr size_t kCompressedBufferBytes = 256 * 1024;
constexpr std::string_view kGzipMagic("\x1f\x8b", 2);
constexpr std::string_view kZstdMagic("\x28\xb5\x2f\xfd", 4);

Status SystemError(const std::string& path, const char* what) {
  return BadInput(path + ": " + what + ": " + strerror(errno));
}

/// A file descriptor with the first bytes put back in front.
class RawFile {
 public:
  RawFile(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}
  ~RawFile() {
    if (fd_ > STDIN_FILENO) close(fd_);
  }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  const std::string& name() const { return name_; }

  /// Returns the first bytes without consuming them.
  Result<std::string_view> Peek(size_t size) {
    while (ahead_.size() < size) {
      std::vector<char> buffer(size - ahead_.size());
      TYMBAL_ASSIGN_OR_RETURN(const size_t got, ReadFd(buffer.data(), buffer.size()));
      if (got == 0) break;
      ahead_.append(buffer.data(), got);
    }
    return std::string_view(ahead_);
  }

  Result<size_t> Read(char* buffer, size_t size) {
    if (!ahead_.empty()) {
      const size_t count = std::min(size, ahead_.size());
      std::copy_n(ahead_.data(), count, buffer);
      ahead_.erase(0, count);
      return count;
    }
    return ReadFd(buffer, size);
  }

 private:
  Result<size_t> ReadFd(char* buffer, size_t size) {
    ssize_t got = 0;
    do {
      got = read(fd_, buffer, size);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return SystemError(name_, "can't read it");
    return static_cast<size_t>(got);
  }

  std::string name_;
  int fd_;
  std::string ahead_;
};

class PlainStream : public InputStream {
 public:
  explicit PlainStream(std::unique_ptr<RawFile> file)
      : InputStream(file->name()), file_(std::move(file)) {}

  Result<size_t> Read(char* buffer, size_t size) override {
    auto got = file_->Read(buffer, size);
    if (got) Consume(*got);
    return got;
  }

 private:
  std::unique_ptr<RawFile> file_;
};

/// What the two compressed formats share: a buffer of compressed bytes, and the loop around it.
class CompressedStream : public InputStream {
 public:
  explicit CompressedStream(std::unique_ptr<RawFile> file)
      : InputStream(file->name()), file_(std::move(file)), input_(kCompressedBufferBytes) {}

  Result<size_t> Read(char* buffer, size_t size) override {
    while (true) {
      if (pending_.empty() && !at_end_) {
        TYMBAL_ASSIGN_OR_RETURN(const size_t got, file_->Read(input_.data(), input_.size()));
        Consume(got);
        pending_ = std::string_view(input_.data(), got);
        at_end_ = got == 0;
      }
      TYMBAL_ASSIGN_OR_RETURN(const size_t produced, Decompress(&pending_, buffer, size));
      if (produced > 0) return produced;
      if (!at_end_) continue;
      if (!complete()) {
        return BadInput(name() + ": the compressed data end too early; the file was cut off");
      }
      return size_t{0};
    }
  }

 protected:
  /// Decompresses from the front of `*input` and removes what was used; returns bytes written.
  virtual Result<size_t> Decompress(std::string_view* input, char* buffer, size_t size) = 0;
  /// Returns whether the input ended where a compressed stream may end.
  virtual bool complete() const = 0;

  Status Damaged(std::string_view detail) const {
    return BadInput(name() + ": the compressed data are damaged (" + std::string(detail) + ")");
  }

 private:
  std::unique_ptr<RawFile> file_;
  std::vector<char> input_;
  std::string_view pending_;
  bool at_end_ = false;
};

class GzipStream : public CompressedStream {
 public:
  explicit GzipStream(std::unique_ptr<RawFile> file) : CompressedStream(std::move(file)) {
    // 15 + 16: the largest window, gzip header and check sum.
    TYMBAL_CHECK(inflateInit2(&stream_, 15 + 16) == Z_OK, "zlib can't start");
  }
  ~GzipStream() override { inflateEnd(&stream_); }

 protected:
  Result<size_t> Decompress(std::string_view* input, char* buffer, size_t size) override {
    if (input->empty()) return size_t{0};
    if (member_ended_) {  // Several gzip members in a row are one text.
      inflateReset(&stream_);
      member_ended_ = false;
    }
    stream_.next_in = reinterpret_cast<const Bytef*>(input->data());
    stream_.avail_in = static_cast<uInt>(input->size());
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(size);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    input->remove_prefix(input->size() - stream_.avail_in);
    if (code == Z_STREAM_END) {
      member_ended_ = true;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return Damaged(stream_.msg != nullptr ? stream_.msg : "gzip");
    }
    return size - stream_.avail_out;
  }
  bool complete() const override { return member_ended_; }

 private:
  z_stream stream_{};
  bool member_ended_ = false;
};

class ZstdStream : public CompressedStream {
 public:
  explicit ZstdStream(std::unique_ptr<RawFile> file)
      : CompressedStream(std::move(file)), stream_(ZSTD_createDStream(), ZSTD_freeDStream) {}

 protected:
  /// Called without input as well: zstd may still hold output that didn't fit into the last buffer.
  Result<size_t> Decompress(std::string_view* input, char* buffer, size_t size) override {
    ZSTD_inBuffer in{input->data(), input->size(), 0};
    ZSTD_outBuffer out{buffer, size, 0};
    if (input->empty() && frame_ended_) return size_t{0};
    const size_t code = ZSTD_decompressStream(stream_.get(), &out, &in);
    if (ZSTD_isError(code) != 0) return Damaged(ZSTD_getErrorName(code));
    input->remove_prefix(in.pos);
    frame_ended_ = code == 0;
    return out.pos;
  }
  bool complete() const override { return frame_ended_; }

 private:
  std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream_;
  bool frame_ended_ = false;
};

}  // namespace

Result<std::unique_ptr<InputStream>> InputStream::Open(const std::string& path) {
  const bool standard = path == kStandardInput;
  const int fd = standard ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError(path, "can't open it");
  auto file = std::make_unique<RawFile>(standard ? "standard input" : path, fd);
  struct stat status {};
  if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
    return BadInput(path + ": is a directory; give its files, for instance " + path + "/*.ndjson");
  }
  TYMBAL_ASSIGN_OR_RETURN(const std::string_view first, file->Peek(kZstdMagic.size()));
  std::unique_ptr<InputStream> stream;
  if (first.starts_with(kGzipMagic)) {
    stream = std::make_unique<GzipStream>(std::move(file));
  } else if (first.starts_with(kZstdMagic)) {
    stream = std::make_unique<ZstdStream>(std::move(file));
  } else {
    stream = std::make_unique<PlainStream>(std::move(file));
  }
  return stream;
}

}  // namespace tymbal::worker
