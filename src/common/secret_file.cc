#include "common/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>

namespace tymbal {
namespace {

constexpr size_t kSecretBytesMax = 1024;

/// Closes a descriptor.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

bool OthersMayUse(const struct stat& status) {
  const mode_t foreign = status.st_uid == 0 ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;
  return (status.st_mode & foreign) != 0;
}

}  // namespace

Result<std::string> ReadSecretFile(const std::string& path, std::string_view what) {
  const auto wrong = [&](std::string_view why) {
    return InvalidArgument(fmt::format("{} {} {}", what, path, why));
  };
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status = {};
  if (file.fd < 0 || fstat(file.fd, &status) != 0) return wrong("can't be read");
  if (!S_ISREG(status.st_mode)) return wrong("is no file");
  if (OthersMayUse(status)) return wrong("may be used by others: chmod 600 " + path);
  std::array<char, kSecretBytesMax + 2> buffer;
  const ssize_t size = read(file.fd, buffer.data(), buffer.size());
  if (size < 0) return wrong("can't be read");
  std::string secret(buffer.data(), static_cast<size_t>(size));
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) return wrong("is empty");
  if (secret.size() > kSecretBytesMax || secret.find('\n') != std::string::npos) {
    return wrong("holds more than one line of 1024 bytes");
  }
  return secret;
}

}  // namespace tymbal
