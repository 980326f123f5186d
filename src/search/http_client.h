#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json_index.h"
#include "common/status.h"

namespace tymbal::search {

/// Bytes that are readable (with any content) behind the body: JSON parsers read blocks.
inline constexpr size_t kBodyPadding = kJsonPadding;

/// The body of an answer. Reused from call to call, so that it costs no allocation.
struct HttpBody {
  std::vector<char> buffer;  ///< `size` bytes of body and at least kBodyPadding more.
  size_t size = 0;
  std::string_view text() const { return {buffer.data(), size}; }
};

struct HttpRequest {
  std::string_view method = "GET";  ///< GET, POST, PUT, DELETE or HEAD.
  std::string target = {};          ///< "/index/_search?size=1", percent-encoded.
  std::string_view body = {};
  std::string_view content_type = "application/json";  ///< Sent where there is a body.
  /// Goes between the target's own words and a number into X-Opaque-Id, by which the server's slow
  /// log and task list name us. No control characters.
  std::string_view opaque_id = {};
  /// From the first byte sent to the last received. Every request has one (FACTS: a server may
  /// never answer).
  std::chrono::milliseconds deadline{60'000};
  /// A longer answer is an error: kExhausted.
  size_t body_bytes_max = size_t{64} << 20;
  /// Once true, the call gives up within 200 ms with kUnavailable.
  const std::atomic<bool>* cancel = nullptr;
};

/// What came back, whatever its status. The body is in the caller's HttpBody.
struct HttpAnswer {
  int status = 0;
  std::string content_type;  ///< Without parameters, in lower case.
  std::optional<std::chrono::seconds> retry_after;
  std::string host;  ///< Who answered: "host:port", for messages.
};

/// Sends requests to one of the servers of a cluster. Thread: confined to one; calls block.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  /// Sends the request once, to the server that is next in turn and hasn't failed lately. Errors:
  /// kUnavailable: not sent, or the connection broke, or the deadline passed: another server may do
  /// better, and this one is left alone for a while. kExhausted: the answer is too long.
  /// kInvalidArgument: TLS or the request is wrong, a person must act (a certificate that doesn't
  /// verify, a client certificate that isn't accepted). kBadInput: no HTTP. Messages name the host
  /// and never show credentials (I10).
  virtual Result<HttpAnswer> Send(const HttpRequest& request, HttpBody* body) = 0;
};

/// Makes a client for the calling thread; all clients of one factory share what they know of the
/// servers.
using HttpClientFactory = std::function<std::unique_ptr<HttpClient>()>;

}  // namespace tymbal::search
