#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/status.h"
#include "search/http_client.h"
#include "search/request_gate.h"

namespace tymbal::search {

struct SearchClientOptions {
  std::chrono::milliseconds deadline{60'000};  ///< Of one request.
  /// How long a request is repeated while the servers are overloaded, or a node is away. A cluster
  /// that has never answered is more likely a wrong address, and is asked for ten seconds at most.
  std::chrono::milliseconds patience{60'000};
  std::chrono::milliseconds first_wait{200};  ///< Before the first repetition; later ones double.
  uint64_t seed = 1;                          ///< Of the jitter of the waits.
  /// Called before a request is repeated, on the client's thread. Empty: nobody wants to know.
  std::function<void(const Status& error)> on_retry = {};
  /// Becomes true once a request has been repeated as long as `patience` allows. Must outlive the
  /// client; nullptr: nobody wants to know.
  std::atomic<bool>* gave_up = nullptr;
};

struct Call {
  std::string_view method = "GET";
  std::string target;
  std::string body = {};
  std::string_view content_type = "application/json";
  uint64_t spans = 0;      ///< How many it will bring, for the limit on their rate.
  bool repeatable = true;  ///< Whether it may be sent twice.
  /// It looks into a point in time: that may have died with a node, and a shard that isn't there
  /// (503) then stays away, while a new point in time finds its copy.
  bool in_point_in_time = false;
};

/// Talks to a cluster of Elasticsearch or OpenSearch: repeats what may pass (overload, a broken
/// connection, a shard that is away), with waits that double, and says clearly what does not. What
/// mostly stays as it is, a server's own failure (500), a shard that is missing in a point in time,
/// or an answer that isn't whole, is asked for five times. Thread: confined to one; calls block.
class SearchClient {
 public:
  /// Looks at a 2xx answer. kUnavailable: it isn't whole, ask again; other errors: final.
  using Check = std::function<Status(const HttpBody& body)>;

  /// `gate` and `cancel` must outlive the client. Once `*cancel` is true, calls end soon with
  /// kUnavailable.
  SearchClient(std::unique_ptr<HttpClient> http, RequestGate* gate, const std::atomic<bool>* cancel,
               SearchClientOptions options);

  /// Sends it until the answer is 2xx and `check` is content; the answer is in body(). Errors:
  /// those of ErrorOf(), of HttpClient and of `check`, with what was asked.
  Status Do(const Call& call, const Check& check = {});

  const HttpBody& body() const { return body_; }
  /// Takes the last answer away, and gives its own memory for the next one.
  void SwapBody(HttpBody* other) { std::swap(body_, *other); }

 private:
  struct Outcome {
    Status status;
    bool may_pass = false;      ///< Another try may do better.
    bool mostly_stays = false;  ///< Though it may pass, a few tries are enough to see.
    std::chrono::milliseconds wait_at_least{0};
  };

  Outcome SendOnce(const Call& call, const Check& check);
  Outcome Judge(const Call& call, const HttpAnswer& answer, const Check& check);
  std::chrono::milliseconds Patience() const;
  Status WaitFor(std::chrono::milliseconds time);
  std::chrono::milliseconds Jittered(std::chrono::milliseconds wait);

  const std::unique_ptr<HttpClient> http_;
  RequestGate* const gate_;
  const std::atomic<bool>* const cancel_;
  const SearchClientOptions options_;
  uint64_t random_;
  HttpBody body_;
};

}  // namespace tymbal::search
