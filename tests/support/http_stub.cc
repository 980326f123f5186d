#include "support/http_stub.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace tymbal::testing {
namespace {

constexpr std::chrono::seconds kWaitMax{10};
constexpr size_t kPieceBytes = 256 << 10;

std::string LowerCase(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Reads the lines of a head, without its empty last one.
StubRequest ParseHead(std::string_view head) {
  StubRequest request;
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const size_t blank = line.find(' ');
  const std::string_view target = line.substr(blank + 1, line.rfind(' ') - blank - 1);
  const size_t question = std::min(target.find('?'), target.size());
  request.method = line.substr(0, blank);
  request.path = target.substr(0, question);
  if (question < target.size()) request.query = target.substr(question + 1);
  for (size_t at = line.size(); at < head.size();) {
    at += 2;
    const size_t end = std::min(head.find("\r\n", at), head.size());
    const std::string_view field = head.substr(at, end - at);
    const size_t colon = field.find(':');
    if (colon == std::string_view::npos) throw std::runtime_error("a header without a colon");
    std::string_view value = field.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    const bool fresh = request.headers.emplace(LowerCase(field.substr(0, colon)), value).second;
    if (!fresh) throw std::runtime_error("a header twice: " + std::string(field));
    at = end;
  }
  return request;
}

std::string HeadOf(const StubReply& reply) {
  std::string head = fmt::format("HTTP/1.1 {} Stub\r\n", reply.status);
  if (!reply.content_type.empty()) head += "Content-Type: " + reply.content_type + "\r\n";
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  if (reply.framing == Framing::kChunked) head += "Transfer-Encoding: chunked\r\n";
  if (reply.framing == Framing::kContentLength) {
    head += fmt::format("Content-Length: {}\r\n", reply.content_length.value_or(reply.body.size()));
  }
  return head + "\r\n";
}

}  // namespace

/// One connection, on a thread of its own.
class HttpStub::Connection {
 public:
  Connection(HttpStub* stub, int fd, size_t number) : stub_(*stub), fd_(fd), number_(number) {}
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Run() {
    while (std::optional<StubRequest> request = Read()) {
      request->connection = number_;
      const StubReply reply = stub_.ReplyTo(*request);
      const bool open = Write(*request, reply);
      stub_.CountReply();
      if (!open) return;
    }
  }

 private:
  bool Receive() {
    char buffer[64 << 10];
    if (!stub_.WaitFor(fd_, POLLIN)) return false;
    const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
    if (got <= 0) return false;
    input_.append(buffer, static_cast<size_t>(got));
    return true;
  }

  std::optional<StubRequest> Read() {
    size_t end = 0;
    while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
      if (!Receive()) return std::nullopt;
      if (std::isupper(static_cast<unsigned char>(input_[0])) == 0) {  // No method: TLS, for one.
        (void)Send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        return std::nullopt;
      }
    }
    StubRequest request = ParseHead(std::string_view(input_).substr(0, end));
    input_.erase(0, end + 4);
    const std::string length = request.Header("content-length");
    const size_t size = length.empty() ? 0 : std::stoul(length);
    while (input_.size() < size) {
      if (!Receive()) return std::nullopt;
    }
    request.body = input_.substr(0, size);
    input_.erase(0, size);
    return request;
  }

  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      if (!stub_.WaitFor(fd_, POLLOUT)) return false;
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  bool SendPiece(std::string_view bytes, Framing framing) {
    if (framing != Framing::kChunked) return Send(bytes);
    return Send(fmt::format("{:x}\r\n", bytes.size())) && Send(bytes) && Send("\r\n");
  }

  bool SendBody(std::string_view body, const StubReply& reply) {
    const size_t piece = reply.drip_bytes > 0 ? reply.drip_bytes : kPieceBytes;
    while (!body.empty()) {
      if (!SendPiece(body.substr(0, piece), reply.framing)) return false;
      body.remove_prefix(std::min(piece, body.size()));
      if (reply.drip_bytes > 0 && !stub_.Pause(reply.drip_pause)) return false;
    }
    return true;
  }

  void Reset() const {
    const linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }

  /// Waits until the client hangs up or the stub ends.
  void WaitForEnd() {
    while (Receive()) {
    }
  }

  /// Returns whether the connection stays open.
  bool Write(const StubRequest& request, const StubReply& reply) {
    if (reply.delay.count() > 0 && !stub_.Pause(reply.delay)) return false;
    if (reply.silent) {
      WaitForEnd();
      return false;
    }
    if (reply.raw.has_value()) {
      (void)Send(*reply.raw);
      return false;
    }
    if (!Send(HeadOf(reply))) return false;
    if (request.method == "HEAD") return true;
    while (reply.endless) {
      if (!SendBody(reply.body, reply)) return false;
    }
    if (reply.cut_after.has_value()) {
      (void)SendBody(std::string_view(reply.body).substr(0, *reply.cut_after), reply);
      if (reply.reset) Reset();
      return false;
    }
    if (!SendBody(reply.body, reply)) return false;
    if (reply.framing == Framing::kChunked && !Send("0\r\n\r\n")) return false;
    return reply.framing != Framing::kUntilClosed;
  }

  HttpStub& stub_;
  const int fd_;
  const size_t number_;
  std::string input_;  // Received, not used yet.
};

HttpStub::HttpStub() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  stop_event_ = eventfd(0, EFD_CLOEXEC);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (listener_ < 0 || stop_event_ < 0 ||
      bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error(fmt::format("the stub can't listen: {}", std::strerror(errno)));
  }
  port_ = ntohs(address.sin_port);
  accept_thread_ = std::thread([this] { Accept(); });
}

HttpStub::~HttpStub() {
  (void)eventfd_write(stop_event_, 1);
  accept_thread_.join();
  for (std::thread& connection : connections_) connection.join();
  close(listener_);
  close(stop_event_);
}

void HttpStub::On(const std::string& method, const std::string& path, Handler handler) {
  const std::lock_guard lock(mutex_);
  routes_[{method, path}].always = std::move(handler);
}

void HttpStub::On(const std::string& method, const std::string& path, StubReply reply) {
  On(method, path, [reply = std::move(reply)](const StubRequest&) { return reply; });
}

void HttpStub::Once(const std::string& method, const std::string& path, StubReply reply) {
  const std::lock_guard lock(mutex_);
  routes_[{method, path}].once.push_back(std::move(reply));
}

void HttpStub::Otherwise(Handler handler) {
  const std::lock_guard lock(mutex_);
  otherwise_ = std::move(handler);
}

std::vector<StubRequest> HttpStub::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

StubRequest HttpStub::last_request() const {
  const std::lock_guard lock(mutex_);
  if (requests_.empty()) throw std::logic_error("the stub was asked nothing");
  return requests_.back();
}

size_t HttpStub::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

bool HttpStub::WaitForRequests(size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kWaitMax, [&] { return requests_.size() >= count; });
}

bool HttpStub::WaitForReplies(size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kWaitMax, [&] { return replies_ >= count; });
}

void HttpStub::CountReply() {
  const std::lock_guard lock(mutex_);
  ++replies_;
  changed_.notify_all();
}

void HttpStub::Accept() {
  while (WaitFor(listener_, POLLIN)) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const std::lock_guard lock(mutex_);
    const size_t number = connections_.size() + 1;
    connections_.emplace_back([this, fd, number] { Connection(this, fd, number).Run(); });
  }
}

StubReply HttpStub::ReplyTo(const StubRequest& request) {
  Handler handler;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    changed_.notify_all();
    Route& route = routes_[{request.method, request.path}];
    if (!route.once.empty()) {
      StubReply reply = std::move(route.once.front());
      route.once.pop_front();
      return reply;
    }
    handler = route.always ? route.always : otherwise_;
  }
  if (handler) return handler(request);
  return StubReply::Error(501, R"({"error":"the test has scripted no reply"})");
}

bool HttpStub::WaitFor(int fd, short events) const {
  pollfd polled[] = {{stop_event_, POLLIN, 0}, {fd, events, 0}};
  int ready = 0;
  do {
    ready = poll(polled, 2, -1);
  } while (ready < 0 && errno == EINTR);
  return polled[0].revents == 0;
}

bool HttpStub::Pause(std::chrono::milliseconds time) const {
  pollfd polled = {stop_event_, POLLIN, 0};
  return poll(&polled, 1, static_cast<int>(time.count())) == 0;
}

}  // namespace tymbal::testing
