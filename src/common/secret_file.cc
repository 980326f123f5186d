#include "common/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace tymbal {
namespace {

constexpr size_t kSecretBytesMax = 4096;

/// Closes a descriptor.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

/// Root's own files may be readable by a group as well: see the header.
bool OthersMayUse(const struct stat& status) {
  const mode_t foreign = status.st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  return (status.st_mode & foreign) != 0;
}

/// Looks at the open file, so that it is the one that is read.
Status CheckOpen(std::string_view what, const std::string& path, int fd) {
  struct stat status = {};
  if (fd < 0 || fstat(fd, &status) != 0) {
    return InvalidArgument(fmt::format("can't read {} {}: {}", what, path, strerror(errno)));
  }
  if (!S_ISREG(status.st_mode)) return InvalidArgument(fmt::format("{} {} is no file", what, path));
  if (OthersMayUse(status)) {
    return InvalidArgument(fmt::format("others may use {0} {1}: chmod 600 {1}", what, path));
  }
  return Status::Ok();
}

int OpenToRead(const std::string& path) {
  return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

}  // namespace

Status CheckSecretFile(std::string_view what, const std::string& path) {
  const Descriptor file{OpenToRead(path)};
  return CheckOpen(what, path, file.fd);
}

Result<std::string> ReadSecretFile(std::string_view what, const std::string& path) {
  const Descriptor file{OpenToRead(path)};
  TYMBAL_RETURN_IF_ERROR(CheckOpen(what, path, file.fd));
  std::array<char, kSecretBytesMax + 3> buffer;  // A byte too many, behind \r\n.
  const ssize_t size = read(file.fd, buffer.data(), buffer.size());
  if (size < 0) {
    return InvalidArgument(fmt::format("can't read {} {}: {}", what, path, strerror(errno)));
  }
  std::string secret(buffer.data(), static_cast<size_t>(size));
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) return InvalidArgument(fmt::format("{} {} is empty", what, path));
  if (secret.size() > kSecretBytesMax || secret.find('\n') != std::string::npos) {
    return InvalidArgument(
        fmt::format("{} {} holds more than one line of {} bytes", what, path, kSecretBytesMax));
  }
  return secret;
}

}  // namespace tymbal
