#include "common/zookeeper_address.h"

#include <algorithm>
#include <charconv>

namespace tymbal {
namespace {

/// Returns the parts between the separators; at least one.
template <typename Visit>
Status ForEachPart(std::string_view text, char separator, Visit visit) {
  while (true) {
    const size_t end = text.find(separator);
    TYMBAL_RETURN_IF_ERROR(visit(text.substr(0, end)));
    if (end == std::string_view::npos) return Status::Ok();
    text.remove_prefix(end + 1);
  }
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

Status CheckServer(std::string_view server) {
  const size_t colon = server.rfind(':');
  const bool has_host =
      colon != std::string_view::npos && colon > 0 &&
      std::none_of(server.begin(), server.end(), [](char c) { return c == ' ' || IsControl(c); });
  if (!has_host) return InvalidArgument("'" + std::string(server) + "' is no host:port");
  const char* const end = server.data() + server.size();
  uint16_t port = 0;
  const auto read = std::from_chars(server.data() + colon + 1, end, port);
  if (read.ec != std::errc() || read.ptr != end || port == 0) {
    return InvalidArgument("'" + std::string(server) + "' has no port from 1 to 65535");
  }
  return Status::Ok();
}

}  // namespace

std::string ZookeeperAddress::Below(std::string_view path) const {
  if (chroot.empty()) return std::string(path);
  return path == "/" ? chroot : chroot + std::string(path);
}

Result<ZookeeperAddress> ParseZookeeperAddress(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view servers = text.substr(0, slash);
  ZookeeperAddress address{std::string(servers)};
  TYMBAL_RETURN_IF_ERROR(ForEachPart(servers, ',', CheckServer));
  if (slash == std::string_view::npos || text.substr(slash) == "/") return address;
  address.chroot = text.substr(slash);
  if (address.chroot.find(',') != std::string::npos) {
    return InvalidArgument("a path stands once, behind the last server");
  }
  TYMBAL_RETURN_IF_ERROR(CheckZnodePath(address.chroot));
  return address;
}

Status CheckZnodePath(std::string_view path) {
  const auto wrong = [path] {
    return InvalidArgument("'" + std::string(path) + "' is no path such as /infra/tymbal");
  };
  if (path == "/") return Status::Ok();
  if (!path.starts_with('/') || std::any_of(path.begin(), path.end(), IsControl)) return wrong();
  return ForEachPart(path.substr(1), '/', [&](std::string_view name) {
    const bool ok = !name.empty() && name != "." && name != "..";
    return ok ? Status::Ok() : wrong();
  });
}

}  // namespace tymbal
