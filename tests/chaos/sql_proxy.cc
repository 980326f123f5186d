#include "chaos/sql_proxy.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace tymbal::chaos {
namespace {

constexpr int kPollMs = 100;
constexpr int kReplyMsMax = 10'000;
constexpr size_t kHeaderBytes = 4;     // Of a packet: length (3), sequence number.
constexpr size_t kWholeBytesMax = 64;  // A command that is looked at has no more.
constexpr unsigned char kQueryCommand = 3;

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { Close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  bool SendAll(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  /// Appends what has come; false at the end of the stream.
  bool Receive(std::string* bytes) const {
    char buffer[64 << 10];
    ssize_t got = 0;
    do {
      got = recv(fd_, buffer, sizeof(buffer), 0);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    bytes->append(buffer, static_cast<size_t>(got));
    return true;
  }
  bool Readable(int timeout_ms) const {
    pollfd polled = {fd_, POLLIN, 0};
    return poll(&polled, 1, timeout_ms) > 0;
  }

 private:
  int fd_;
};

void NoDelay(const Socket& socket) {
  const int on = 1;
  setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace

/// One client and its connection to the server. Thread: its own.
class SqlProxy::Link {
 public:
  Link(SqlProxy& proxy, int client, uint64_t number)
      : proxy_(proxy),
        chance_(proxy.options_.seed, number),
        client_(client),
        server_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}

  void Run() {
    const sockaddr_in address = Loopback(proxy_.options_.server_port);
    if (connect(server_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      return;
    }
    NoDelay(client_);
    NoDelay(server_);
    while (!proxy_.stop_.stopped()) {
      pollfd polled[] = {{client_.fd(), POLLIN, 0}, {server_.fd(), POLLIN, 0}};
      if (poll(polled, 2, kPollMs) < 0 && errno != EINTR) return;
      if (polled[1].revents != 0) {
        std::string bytes;
        if (!server_.Receive(&bytes) || !client_.SendAll(bytes)) return;
      }
      if (polled[0].revents != 0 && (!client_.Receive(&pending_) || !Forward())) return;
    }
  }

 private:
  /// Sends on what is complete of pending_. Returns false when the link has ended.
  bool Forward() {
    while (!pending_.empty()) {
      size_t bytes = std::min(payload_left_, pending_.size());
      if (payload_left_ > 0) {
        payload_left_ -= bytes;
      } else {
        if (pending_.size() < kHeaderBytes) return true;
        const auto byte = [this](size_t i) { return static_cast<unsigned char>(pending_[i]); };
        const size_t length = byte(0) | (size_t{byte(1)} << 8) | (size_t{byte(2)} << 16);
        const bool is_command = byte(3) == 0;
        bytes = kHeaderBytes;
        if (is_command && length > 0 && length <= kWholeBytesMax) {
          bytes += length;
          if (pending_.size() < bytes) return true;
          const std::string_view text(pending_.data() + kHeaderBytes + 1, length - 1);
          if (byte(kHeaderBytes) == kQueryCommand && text.size() == 6 &&
              strncasecmp(text.data(), "COMMIT", text.size()) == 0) {
            const std::string commit = pending_.substr(0, bytes);
            pending_.erase(0, bytes);
            if (!Commit(commit)) return false;
            continue;
          }
        } else {
          payload_left_ = length;
        }
        if (is_command && proxy_.faults_ && chance_.Permille(proxy_.options_.cut_permille)) {
          ++proxy_.cuts_;
          return false;
        }
      }
      if (!server_.SendAll(std::string_view(pending_).substr(0, bytes))) return false;
      pending_.erase(0, bytes);
    }
    return true;
  }

  CommitFault Draw() {
    if (!proxy_.faults_) return CommitFault::kNone;
    int64_t left = chance_.Between(0, 999);
    for (size_t i = 1; i < kCommitFaults; ++i) {
      left -= proxy_.options_.commit_permille[i];
      if (left < 0) return static_cast<CommitFault>(i);
    }
    return CommitFault::kNone;
  }

  /// Returns false when the link has ended.
  bool Commit(const std::string& packet) {
    const CommitFault fault = Draw();
    ++proxy_.commits_[static_cast<size_t>(fault)];
    const int64_t delay_ms = chance_.Between(1, proxy_.options_.delay_ms_max);
    switch (fault) {
      case CommitFault::kNone:
        return server_.SendAll(packet);
      case CommitFault::kLoseRequest:
        return false;
      case CommitFault::kLoseReply:
        if (server_.SendAll(packet)) (void)server_.Readable(kReplyMsMax);
        return false;
      case CommitFault::kOrphan:
        client_.Close();
        if (!proxy_.stop_.Wait(delay_ms) && server_.SendAll(packet)) {
          (void)server_.Readable(kReplyMsMax);
        }
        return false;
      case CommitFault::kDelay:
        return !proxy_.stop_.Wait(delay_ms) && server_.SendAll(packet);
    }
    return false;
  }

  SqlProxy& proxy_;
  Chance chance_;
  Socket client_;
  Socket server_;
  std::string pending_;      // From the client, not sent on yet.
  size_t payload_left_ = 0;  // Of a packet whose header has been sent on.
};

SqlProxy::SqlProxy(const Options& options) : options_(options) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (listener_ < 0 ||
      bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error(fmt::format("the proxy can't listen: {}", std::strerror(errno)));
  }
  port_ = ntohs(address.sin_port);
  accept_thread_ = std::thread([this] { Accept(); });
}

SqlProxy::~SqlProxy() {
  stop_.Stop();
  accept_thread_.join();
  for (std::thread& thread : link_threads_) thread.join();
  close(listener_);
}

void SqlProxy::Accept() {
  while (!stop_.stopped()) {
    pollfd polled = {listener_, POLLIN, 0};
    if (poll(&polled, 1, kPollMs) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const auto number = static_cast<uint64_t>(++links_);
    const std::lock_guard lock(mutex_);
    link_threads_.emplace_back([this, client, number] { Link(*this, client, number).Run(); });
  }
}

std::string SqlProxy::Summary() const {
  return fmt::format(
      "{} connections, {} cut; commits: {} passed, {} lost, {} replies lost, {} orphaned, {} "
      "delayed",
      links_.load(), cuts_.load(), commits_[0].load(), commits_[1].load(), commits_[2].load(),
      commits_[3].load(), commits_[4].load());
}

}  // namespace tymbal::chaos
