#include "common/file_text.h"

#include <errno.h>
#include <string.h>

#include <cstdio>
#include <memory>
#include <utility>

namespace tymbal {
namespace {

constexpr size_t kBytesMax = 1 << 20;

}  // namespace

Result<std::string> ReadTextFile(const std::string& path) {
  const auto failed = [&path](const char* why) {
    return InvalidArgument("can't read " + path + ": " + why);
  };
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(path.c_str(), "re"), fclose);
  if (!file) return failed(strerror(errno));
  std::string text(kBytesMax + 1, '\0');
  const size_t size = fread(text.data(), 1, text.size(), file.get());
  if (ferror(file.get()) != 0) return failed(strerror(errno));
  if (size > kBytesMax) return failed("it has more than 1 MiB");
  text.resize(size);
  return text;
}

}  // namespace tymbal
