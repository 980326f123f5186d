#include "generate/output_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "common/check.h"

namespace tymbal::generate {

class OutputFile::Codec {
 public:
  virtual ~Codec() = default;
  /// Appends the encoded form of `bytes` to `out`, as far as it is known already; with `end`, all.
  virtual Status Encode(std::string_view bytes, bool end, std::string* out) = 0;
};

namespace {

// Levels at which compressing is about as fast as it gets: the files are for trials.
constexpr int kGzipLevel = 3;
constexpr int kZstdLevel = 3;
constexpr size_t kChunkBytes = 64 * 1024;

class PlainCodec : public OutputFile::Codec {
 public:
  Status Encode(std::string_view bytes, bool /*end*/, std::string* out) override {
    *out += bytes;
    return Status::Ok();
  }
};

class GzipCodec : public OutputFile::Codec {
 public:
  GzipCodec() {
    constexpr int kGzipWindow = 15 + 16;  // 16: with gzip's header, without a time in it.
    const int result = deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindow, /*memLevel=*/8,
                                    Z_DEFAULT_STRATEGY);
    TYMBAL_CHECK(result == Z_OK, "zlib refuses valid settings only without memory");
  }
  ~GzipCodec() override { deflateEnd(&stream_); }
  GzipCodec(const GzipCodec&) = delete;
  GzipCodec& operator=(const GzipCodec&) = delete;

  Status Encode(std::string_view bytes, bool end, std::string* out) override {
    stream_.next_in = reinterpret_cast<const Bytef*>(bytes.data());
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(chunk_.data());
      stream_.avail_out = static_cast<uInt>(chunk_.size());
      if (deflate(&stream_, end ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR) {
        return Internal("zlib can't go on");
      }
      out->append(chunk_.data(), chunk_.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
    return Status::Ok();
  }

 private:
  z_stream stream_{};
  std::array<char, kChunkBytes> chunk_{};
};

class ZstdCodec : public OutputFile::Codec {
 public:
  ZstdCodec() : context_(ZSTD_createCCtx()) {
    TYMBAL_CHECK(context_ != nullptr, "out of memory");
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdCodec() override { ZSTD_freeCCtx(context_); }
  ZstdCodec(const ZstdCodec&) = delete;
  ZstdCodec& operator=(const ZstdCodec&) = delete;

  Status Encode(std::string_view bytes, bool end, std::string* out) override {
    ZSTD_inBuffer input = {bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer output = {chunk_.data(), chunk_.size(), 0};
      const size_t left =
          ZSTD_compressStream2(context_, &output, &input, end ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0) return Internal(ZSTD_getErrorName(left));
      out->append(chunk_.data(), output.pos);
      if (end ? left == 0 : input.pos == input.size) return Status::Ok();
    }
  }

 private:
  ZSTD_CCtx* context_;
  std::array<char, kChunkBytes> chunk_{};
};

std::unique_ptr<OutputFile::Codec> CodecFor(const std::string& path) {
  if (path.ends_with(".gz")) return std::make_unique<GzipCodec>();
  if (path.ends_with(".zst")) return std::make_unique<ZstdCodec>();
  return std::make_unique<PlainCodec>();
}

Status WriteError(int error, const std::string& path) {
  const std::string message = "can't write " + (path == "-" ? "the standard output" : path) + ": " +
                              std::generic_category().message(error);
  if (error == EPIPE) return Unavailable(message);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    return Exhausted(message +
                     "; it is incomplete. Free space, generate fewer --spans, compress (--output "
                     "NAME.zst) or write elsewhere");
  }
  return Internal(message + "; it is incomplete. Write elsewhere with --output");
}

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::Open(const std::string& path) {
  int fd = STDOUT_FILENO;
  if (path != "-") {
    fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
      return Internal("can't open " + path + " for writing: " +
                      std::generic_category().message(errno) + "; name another file with --output");
    }
  }
  return std::unique_ptr<OutputFile>(new OutputFile(path, fd, CodecFor(path)));
}

OutputFile::OutputFile(std::string path, int fd, std::unique_ptr<Codec> codec)
    : path_(std::move(path)), fd_(fd), codec_(std::move(codec)) {}

OutputFile::~OutputFile() {
  if (fd_ >= 0 && fd_ != STDOUT_FILENO) close(fd_);
}

Status OutputFile::Write(std::string_view bytes) {
  TYMBAL_RETURN_IF_ERROR(codec_->Encode(bytes, /*end=*/false, &encoded_));
  return WriteEncoded();
}

Status OutputFile::Close() {
  TYMBAL_RETURN_IF_ERROR(codec_->Encode({}, /*end=*/true, &encoded_));
  TYMBAL_RETURN_IF_ERROR(WriteEncoded());
  const int fd = std::exchange(fd_, -1);
  if (fd == STDOUT_FILENO) return Status::Ok();  // Not ours to close.
  return close(fd) == 0 ? Status::Ok() : WriteError(errno, path_);
}

Status OutputFile::WriteEncoded() {
  std::string_view rest = encoded_;
  while (!rest.empty()) {
    const ssize_t written = write(fd_, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) return WriteError(errno, path_);
    if (written > 0) rest.remove_prefix(static_cast<size_t>(written));
  }
  encoded_.clear();
  return Status::Ok();
}

}  // namespace tymbal::generate
