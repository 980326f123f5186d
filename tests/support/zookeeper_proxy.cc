#include "support/zookeeper_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace tymbal::testing {
namespace {

// The protocol: packets of a length (4 bytes, big-endian) and so many bytes. The first one of each
// side is the handshake; all others begin with a number that a reply repeats, requests go on with
// their type.
constexpr size_t kLengthBytes = 4;
constexpr std::array<int32_t, 6> kWriteTypes = {1, 2, 5, 14, 15, 19};  // create, delete, set, multi

uint64_t Number(std::string_view bytes, size_t begin, size_t size) {
  uint64_t value = 0;
  for (const char c : bytes.substr(begin, size)) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

int32_t Int(std::string_view packet, size_t begin) {
  return static_cast<int32_t>(Number(packet, begin, 4));
}

/// Returns the bytes of the first packet with its length; 0 while it isn't complete.
size_t PacketBytes(std::string_view bytes) {
  if (bytes.size() < kLengthBytes) return 0;
  const size_t size = kLengthBytes + static_cast<size_t>(Number(bytes, 0, kLengthBytes));
  return bytes.size() < size ? 0 : size;
}

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

sockaddr_in AddressOf(const std::string& host, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
    throw std::runtime_error(host + " is no IPv4 address");
  }
  return address;
}

}  // namespace

ZookeeperProxy::ZookeeperProxy(const std::string& server)
    : server_(server),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      wake_(eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address = AddressOf("127.0.0.1", 0);
  socklen_t size = sizeof(address);
  if (wake_ < 0 || listener_ < 0 ||
      bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the proxy can't listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

ZookeeperProxy::~ZookeeperProxy() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  Wake(Mode::kCut);
  thread_.join();
  for (Link& link : links_) Close(link);
  close(listener_);
  close(wake_);
}

std::string ZookeeperProxy::address() const { return "127.0.0.1:" + std::to_string(port_); }

void ZookeeperProxy::Cut() { Wake(Mode::kCut); }
void ZookeeperProxy::Stall() { Wake(Mode::kStalled); }
void ZookeeperProxy::Heal() { Wake(Mode::kOpen); }

void ZookeeperProxy::LoseNextRequest() {
  const std::lock_guard lock(mutex_);
  loss_ = Loss::kRequest;
}

void ZookeeperProxy::LoseNextReply() {
  const std::lock_guard lock(mutex_);
  loss_ = Loss::kReply;
}

ZookeeperProxy::Session ZookeeperProxy::session() const {
  const std::lock_guard lock(mutex_);
  return session_;
}

uint64_t ZookeeperProxy::writes() const {
  const std::lock_guard lock(mutex_);
  return writes_;
}

uint64_t ZookeeperProxy::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void ZookeeperProxy::Wake(Mode mode) {
  {
    const std::lock_guard lock(mutex_);
    mode_ = mode;
    // At once: whoever calls sees the connections gone when this returns.
    if (mode == Mode::kCut) {
      for (Link& link : links_) Close(link);
      links_.clear();
    }
  }
  const uint64_t one = 1;
  (void)!write(wake_, &one, sizeof(one));
}

void ZookeeperProxy::Run() {
  while (true) {
    std::vector<pollfd> polled = {{wake_, POLLIN, 0}};
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
      if (mode_ != Mode::kStalled) polled.push_back({listener_, POLLIN, 0});
      if (mode_ == Mode::kOpen) {
        for (const Link& link : links_) {
          polled.push_back({link.client, POLLIN, 0});
          polled.push_back({link.server, POLLIN, 0});
        }
      }
    }
    if (poll(polled.data(), polled.size(), -1) < 0) continue;
    const std::lock_guard lock(mutex_);
    const auto ready = [&polled](int fd) {
      return std::any_of(polled.begin(), polled.end(),
                         [fd](const pollfd& one) { return one.fd == fd && one.revents != 0; });
    };
    uint64_t count = 0;
    if (ready(wake_)) (void)!read(wake_, &count, sizeof(count));
    if (mode_ == Mode::kStalled) continue;
    if (ready(listener_)) Accept();
    for (auto link = links_.begin(); link != links_.end();) {
      // What came before the end of the stream is sent on all the same.
      const bool up = !ready(link->client) || Read(link->client, &link->up);
      const bool down = !ready(link->server) || Read(link->server, &link->down);
      if (SendUp(*link) && SendDown(*link) && up && down) {
        ++link;
      } else {
        Close(*link);
        link = links_.erase(link);
      }
    }
  }
}

void ZookeeperProxy::Accept() {
  Link link;
  link.client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (link.client < 0) return;
  const size_t colon = server_.rfind(':');
  const sockaddr_in address = AddressOf(
      server_.substr(0, colon), static_cast<uint16_t>(std::stoi(server_.substr(colon + 1))));
  link.server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (mode_ == Mode::kCut ||
      connect(link.server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Close(link);
  }
  const int on = 1;
  setsockopt(link.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(link.server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  links_.push_back(link);
}

/// Returns false at the end of the stream.
bool ZookeeperProxy::Read(int fd, std::string* bytes) {
  std::array<char, 64 << 10> buffer{};
  // A connection may have got the number of one that was ready and is gone: don't wait.
  const ssize_t got = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got > 0) bytes->append(buffer.data(), static_cast<size_t>(got));
  return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

/// Sends on what is complete. Returns false when the connection is to be closed.
bool ZookeeperProxy::SendUp(Link& link) {
  while (const size_t size = PacketBytes(link.up)) {
    const std::string packet = link.up.substr(0, size);
    link.up.erase(0, size);
    const int32_t type = link.asked && size >= 12 ? Int(packet, 8) : 0;
    const bool write = std::find(kWriteTypes.begin(), kWriteTypes.end(), type) != kWriteTypes.end();
    if (write) {
      const Loss loss = std::exchange(loss_, Loss::kNone);
      if (loss == Loss::kRequest) return false;
      if (loss == Loss::kReply) link.doomed = Int(packet, 4);
      ++writes_;
    }
    link.asked = true;
    bytes_ += size;
    if (!SendAll(link.server, packet)) return false;
  }
  return true;
}

bool ZookeeperProxy::SendDown(Link& link) {
  while (const size_t size = PacketBytes(link.down)) {
    const std::string packet = link.down.substr(0, size);
    link.down.erase(0, size);
    if (!std::exchange(link.answered, true)) {
      // Version, time-out, session, password with its length.
      const int64_t id = static_cast<int64_t>(Number(packet, 12, 8));
      if (id != 0) session_ = {id, packet.substr(24, static_cast<size_t>(Int(packet, 20)))};
    } else if (link.doomed && Int(packet, 4) == *link.doomed) {
      return false;
    }
    if (!SendAll(link.client, packet)) return false;
  }
  return true;
}

void ZookeeperProxy::Close(Link& link) {
  for (int* const fd : {&link.client, &link.server}) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
  }
}

}  // namespace tymbal::testing
