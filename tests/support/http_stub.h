#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace tymbal::testing {

/// A request as the stub has read it.
struct StubRequest {
  std::string method;
  std::string path;   ///< Without the query.
  std::string query;  ///< Behind the ?.
  std::string body;
  std::map<std::string, std::string> headers;  ///< By name in lower case.
  size_t connection = 0;                       ///< 1 for the first that was accepted.

  bool Has(const std::string& header) const { return headers.count(header) > 0; }
  std::string Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

/// How an answer says where it ends.
enum class Framing { kContentLength, kChunked, kUntilClosed };

/// What the stub does with a request: an answer, or one of the ways not to give a proper one.
struct StubReply {
  int status = 200;
  std::string body = {};
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
  Framing framing = Framing::kContentLength;

  std::chrono::milliseconds delay{0};         ///< Before the first byte.
  std::optional<size_t> content_length = {};  ///< What it says, whatever the body has.
  std::optional<size_t> cut_after = {};       ///< Hangs up after so many bytes of the body.
  bool reset = false;                         ///< And does so with a reset.
  size_t drip_bytes = 0;  ///< > 0: so many bytes of the body at a time, a pause behind each.
  std::chrono::milliseconds drip_pause{10};
  bool endless = false;  ///< Repeats the body for ever.
  bool silent = false;   ///< Never answers, and keeps the connection open.
  std::optional<std::string> raw =
      {};  ///< Exactly these bytes instead of all above, then hangs up.

  static StubReply Json(std::string text) { return {.body = std::move(text)}; }
  static StubReply Error(int code, std::string text = "{}") {
    return {.status = code, .body = std::move(text)};
  }
  static StubReply Raw(std::string bytes) { return {.raw = std::move(bytes)}; }
  static StubReply HangUp() { return Raw(""); }
  static StubReply Silence() { return {.silent = true}; }
};

/// An HTTP/1.1 server on a free port of 127.0.0.1 that does as a test says, right or wrong, and
/// remembers what it was asked:
///
///   HttpStub stub;
///   stub.On("POST", "/spans/_search", StubReply::Json("{}"));     // whenever it is asked
///   stub.Once("POST", "/spans/_search", StubReply::Error(429));   // but first this
///   stub.On("GET", "/", [](const StubRequest& request) { ... });  // computed
///   stub.Otherwise(handler);                                      // for all that isn't scripted
///
/// What nobody scripted is answered with 501, which no test expects. Handlers run on the stub's
/// threads, several at a time. Thread: any; each connection has a thread of its own, joined by the
/// destructor, which ends all waits at once.
class HttpStub {
 public:
  using Handler = std::function<StubReply(const StubRequest&)>;

  HttpStub();
  ~HttpStub();
  HttpStub(const HttpStub&) = delete;
  HttpStub& operator=(const HttpStub&) = delete;

  void On(const std::string& method, const std::string& path, Handler handler);
  void On(const std::string& method, const std::string& path, StubReply reply);
  /// Replies that are used up, in order, before those of On().
  void Once(const std::string& method, const std::string& path, StubReply reply);
  void Otherwise(Handler handler);

  uint16_t port() const { return port_; }
  std::string name() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return "http://" + name(); }

  /// Returns what came so far, in the order of its arrival.
  std::vector<StubRequest> requests() const;
  /// Returns the last one. REQUIRES: there is one.
  StubRequest last_request() const;
  size_t connections() const;
  /// Waits until `count` requests came; returns whether they did, within ten seconds.
  bool WaitForRequests(size_t count) const;
  /// The same for replies that were sent to their end, whatever that was.
  bool WaitForReplies(size_t count) const;

 private:
  class Connection;
  struct Route {
    std::deque<StubReply> once;
    Handler always;
  };

  void Accept();
  StubReply ReplyTo(const StubRequest& request);
  void CountReply();
  /// Waits until `fd` is ready for `events`; false once the stub ends.
  bool WaitFor(int fd, short events) const;
  /// Returns false once the stub ends.
  bool Pause(std::chrono::milliseconds time) const;

  int listener_ = -1;
  int stop_event_ = -1;  // Readable once the stub ends.
  uint16_t port_ = 0;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::pair<std::string, std::string>, Route> routes_;  // As all below guarded by mutex_.
  Handler otherwise_;
  std::vector<StubRequest> requests_;
  size_t replies_ = 0;
  std::vector<std::thread> connections_;
  std::thread accept_thread_;  // Last: uses all above.
};

}  // namespace tymbal::testing
