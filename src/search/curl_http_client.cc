#include "search/curl_http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <utility>

#include "search/curl_error.h"
#include "search/header_text.h"
#include "search/host_ring.h"
#include "search/open_sockets.h"

namespace tymbal::search {
namespace {

using std::chrono::milliseconds;

constexpr int kPollMs = 100;  // How late a cancelled request may notice it.
constexpr long kReadBufferBytes = 256L << 10;
constexpr size_t kFirstBodyBytes = 64 << 10;
constexpr size_t kHeaderBytesMax = 256 << 10;
constexpr long kConnectionsMax = 16;  // Kept open by one client.
/// Requests under way and those just before have different numbers. No more than needed: servers
/// keep a line of their deprecation log for each id.
constexpr uint32_t kOpaqueNumbers = 256;
constexpr std::array<std::string_view, 5> kMethods = {"GET", "POST", "PUT", "DELETE", "HEAD"};

/// libcurl counts who uses it.
class CurlLibrary {
 public:
  CurlLibrary() {
    TYMBAL_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl does not start");
  }
  ~CurlLibrary() { curl_global_cleanup(); }
  CurlLibrary(const CurlLibrary&) = delete;
  CurlLibrary& operator=(const CurlLibrary&) = delete;
};

/// What the clients of a factory have in common.
struct Cluster {
  explicit Cluster(CurlHttpOptions given)
      : options(std::move(given)), ring(options.target.hosts.size(), options.rest_after_failure) {}

  const CurlLibrary library;
  const CurlHttpOptions options;
  HostRing ring;
  std::atomic<uint32_t> requests{0};  ///< So far.
};

/// Lines of a request's head.
class HeaderList {
 public:
  ~HeaderList() { curl_slist_free_all(list_); }
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;

  void Add(const std::string& line) {
    curl_slist* longer = curl_slist_append(list_, line.c_str());
    TYMBAL_CHECK(longer != nullptr, "out of memory");
    list_ = longer;
  }
  const curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

/// One request while it runs: what libcurl's callbacks know.
struct Transfer {
  CURL* easy;
  const OpenSockets& sockets;
  HttpBody* body;
  size_t body_bytes_max;
  size_t head_bytes = 0;
  std::string opaque_id = {};  ///< As it was sent.
  std::string own_ids = {};    ///< What all ids of ours begin with.
  bool chunked = false;
  Status stopped = {};  ///< Why a callback ended it.
};

/// Makes room for `more` bytes and the padding: all of an answer that says its length, else twice
/// as much as before.
void Grow(size_t more, Transfer* transfer) {
  std::vector<char>& buffer = transfer->body->buffer;
  size_t wanted = std::max(buffer.size() * 2, kFirstBodyBytes);
  curl_off_t announced = -1;
  curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  if (transfer->body->size == 0 && announced > 0) wanted = static_cast<size_t>(announced);
  wanted = std::clamp(wanted, transfer->body->size + more, transfer->body_bytes_max);
  buffer.resize(wanted + kBodyPadding);
}

Status TooLong(size_t bytes_max) {
  return Exhausted(fmt::format("the answer is longer than {} bytes", bytes_max));
}

size_t OnBody(char* bytes, size_t /*one*/, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  HttpBody& body = *transfer->body;
  if (count > transfer->body_bytes_max - body.size) {
    transfer->stopped = TooLong(transfer->body_bytes_max);
    return CURL_WRITEFUNC_ERROR;
  }
  if (body.size + count + kBodyPadding > body.buffer.size()) Grow(count, transfer);
  std::memcpy(body.buffer.data() + body.size, bytes, count);
  body.size += count;
  return count;
}

/// Servers send the id of a request back. A proxy may name requests in a way of its own; but what
/// looks like one of our ids, and isn't this one, belongs to another request.
bool IsForeign(std::string_view id, const Transfer& transfer) {
  return id != transfer.opaque_id && id.starts_with(transfer.own_ids);
}

size_t OnHeadLine(char* bytes, size_t /*one*/, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  transfer->head_bytes += count;
  if (transfer->head_bytes > kHeaderBytesMax) {
    transfer->stopped = BadInput("the head of the answer has no end");
    return CURL_WRITEFUNC_ERROR;
  }
  const std::string_view line(bytes, count);
  if (line.starts_with("HTTP/")) transfer->chunked = false;  // One more head, after a 1xx.
  if (const auto id = HeaderValue(line, "x-opaque-id"); id && IsForeign(*id, *transfer)) {
    transfer->stopped =
        Unavailable("it gave the answer to another request; a proxy before it may mix them up");
    return CURL_WRITEFUNC_ERROR;
  }
  if (const auto coding = HeaderValue(line, "transfer-encoding")) {
    transfer->chunked = LowerCase(*coding).ends_with("chunked");
  }
  return count;
}

/// Before a request goes out, nothing may have come in: what is there is the rest of an earlier
/// answer that was longer than it said, and would be taken for this one's.
int OnConnected(void* user, char* /*server*/, char* /*own*/, int /*port*/, int own_port) {
  auto* transfer = static_cast<Transfer*>(user);
  if (!transfer->sockets.HasInput(own_port)) return CURL_PREREQFUNC_OK;
  transfer->stopped = Unavailable("it sent more than it had said it would");
  return CURL_PREREQFUNC_ABORT;
}

bool IsSet(const std::atomic<bool>* flag) {
  return flag != nullptr && flag->load(std::memory_order_relaxed);
}

/// Errors: kInvalidArgument, for what must not get into the first line or the headers.
Status CheckRequest(const HttpRequest& request) {
  if (std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end()) {
    return InvalidArgument("a request with an unknown method");
  }
  if (!request.target.starts_with('/') || !IsPrintableAscii(request.target) ||
      request.target.find_first_of(" #") != std::string::npos) {
    return InvalidArgument("a request whose target is no percent-encoded path");
  }
  if (!IsPrintableAscii(request.opaque_id) || !IsPrintableAscii(request.content_type)) {
    return InvalidArgument("a request with a header that holds control characters");
  }
  return Status::Ok();
}

class CurlHttpClient : public HttpClient {
 public:
  explicit CurlHttpClient(std::shared_ptr<Cluster> cluster);
  ~CurlHttpClient() override;
  CurlHttpClient(const CurlHttpClient&) = delete;
  CurlHttpClient& operator=(const CurlHttpClient&) = delete;

  Result<HttpAnswer> Send(const HttpRequest& request, HttpBody* body) override;

 private:
  template <typename T>
  void Set(CURLoption option, T value) {
    // Only what is wrong in this file, or memory, can fail here.
    const CURLcode code = curl_easy_setopt(easy_, option, value);
    TYMBAL_CHECK(code == CURLE_OK, curl_easy_strerror(code));
  }
  void SetConnection();
  void SetTls();
  void SetRequest(const HttpRequest& request, const SearchHost& host, Transfer* transfer);
  void AddHeaders(const HttpRequest& request, const std::string& opaque_id,
                  HeaderList* headers) const;
  /// Returns nothing where the request was cancelled.
  std::optional<CURLcode> Run(const std::atomic<bool>* cancel);
  Result<HttpAnswer> Answer(const HttpRequest& request, const SearchHost& host,
                            const Transfer& transfer);
  template <typename T>
  T Info(CURLINFO info) {
    T value{};
    curl_easy_getinfo(easy_, info, &value);
    return value;
  }

  const std::shared_ptr<Cluster> cluster_;  // Shared: a client may outlive its factory.
  CURLM* const multi_;
  CURL* const easy_;
  OpenSockets sockets_;
  std::array<char, CURL_ERROR_SIZE> error_{};
};

CurlHttpClient::CurlHttpClient(std::shared_ptr<Cluster> cluster)
    : cluster_(std::move(cluster)), multi_(curl_multi_init()), easy_(curl_easy_init()) {
  TYMBAL_CHECK(multi_ != nullptr && easy_ != nullptr, "out of memory");
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kConnectionsMax);
  SetConnection();
  if (cluster_->options.target.https) SetTls();
}

CurlHttpClient::~CurlHttpClient() {
  curl_easy_cleanup(easy_);
  curl_multi_cleanup(multi_);
}

void CurlHttpClient::SetConnection() {
  const CurlHttpOptions& options = cluster_->options;
  Set(CURLOPT_PROTOCOLS_STR, options.target.https ? "https" : "http");
  Set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  Set(CURLOPT_FOLLOWLOCATION, 0L);
  Set(CURLOPT_HTTP09_ALLOWED, 0L);
  Set(CURLOPT_PATH_AS_IS, 1L);
  Set(CURLOPT_PROXY, "");  // Not even that of the environment.
  Set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_QUICK_EXIT, 1L);  // A deadline doesn't wait for a name server.
  Set(CURLOPT_TCP_NODELAY, 1L);
  Set(CURLOPT_TCP_KEEPALIVE, 1L);
  Set(CURLOPT_BUFFERSIZE, kReadBufferBytes);
  Set(CURLOPT_USERAGENT, options.target.user_agent.c_str());
  if (options.compressed) Set(CURLOPT_ACCEPT_ENCODING, "gzip");
  Set(CURLOPT_ERRORBUFFER, error_.data());
  Set(CURLOPT_WRITEFUNCTION, &OnBody);
  Set(CURLOPT_HEADERFUNCTION, &OnHeadLine);
  if (options.target.https) return;  // There, tickets for later sessions may come at any time.
  sockets_.Attach(easy_);
  Set(CURLOPT_PREREQFUNCTION, &OnConnected);
}

void CurlHttpClient::SetTls() {
  const SearchTarget& target = cluster_->options.target;
  Set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});  // Or later.
  Set(CURLOPT_SSL_VERIFYPEER, 1L);
  Set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!target.ca_file.empty()) {
    Set(CURLOPT_CAINFO, target.ca_file.c_str());
    Set<const char*>(CURLOPT_CAPATH, nullptr);  // Else the system's are trusted as well.
  }
  if (!target.client_certificate_file.empty()) {
    Set(CURLOPT_SSLCERT, target.client_certificate_file.c_str());
    Set(CURLOPT_SSLKEY, target.client_key_file.c_str());
    Set(CURLOPT_KEYPASSWD, "");  // Else OpenSSL asks the terminal for one.
  }
}

void CurlHttpClient::AddHeaders(const HttpRequest& request, const std::string& opaque_id,
                                HeaderList* headers) const {
  const SearchTarget& target = cluster_->options.target;
  headers->Add("Accept: application/json");
  headers->Add("Expect:");  // Not to wait a second for a "100 Continue" before a long body.
  if (!target.authorization.empty()) headers->Add("Authorization: " + target.authorization);
  headers->Add("X-Opaque-Id: " + opaque_id);
  // Without a value libcurl leaves it out, else it would make up that of a form.
  headers->Add(fmt::format("Content-Type:{}{}", request.body.empty() ? "" : " ",
                           request.body.empty() ? "" : request.content_type));
}

void CurlHttpClient::SetRequest(const HttpRequest& request, const SearchHost& host,
                                Transfer* transfer) {
  const bool head = request.method == "HEAD";
  Set(CURLOPT_URL, (host.url + request.target).c_str());
  Set(CURLOPT_HTTPGET, 1L);  // Forgets the method and the body of the request before.
  if (head) {
    Set(CURLOPT_NOBODY, 1L);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    Set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
  }
  Set(CURLOPT_CUSTOMREQUEST, std::string(request.method).c_str());
  Set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.deadline.count()));
  Set(CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::min(cluster_->options.connect_max, request.deadline).count()));
  // Refuses a length that is announced; OnBody counts what comes.
  Set(CURLOPT_MAXFILESIZE_LARGE, head ? 0 : static_cast<curl_off_t>(request.body_bytes_max));
  Set(CURLOPT_WRITEDATA, transfer);
  Set(CURLOPT_HEADERDATA, transfer);
  Set(CURLOPT_PREREQDATA, transfer);
  error_[0] = '\0';
}

std::optional<CURLcode> CurlHttpClient::Run(const std::atomic<bool>* cancel) {
  TYMBAL_CHECK(curl_multi_add_handle(multi_, easy_) == CURLM_OK, "the handle is free");
  std::optional<CURLcode> code;
  int running = 1;
  while (true) {
    if (curl_multi_perform(multi_, &running) != CURLM_OK) {
      code = CURLE_FAILED_INIT;
      break;
    }
    if (running == 0) {
      int left = 0;
      const CURLMsg* message = curl_multi_info_read(multi_, &left);
      code = message != nullptr ? message->data.result : CURLE_FAILED_INIT;
      break;
    }
    if (IsSet(cancel)) break;
    curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
  }
  curl_multi_remove_handle(multi_, easy_);  // Closes the connection of what isn't finished.
  return code;
}

Result<HttpAnswer> CurlHttpClient::Answer(const HttpRequest& request, const SearchHost& host,
                                          const Transfer& transfer) {
  HttpAnswer answer;
  answer.host = host.name;
  answer.status = static_cast<int>(Info<long>(CURLINFO_RESPONSE_CODE));
  // Where only the end of the connection ends an answer, nobody can tell whether it is whole.
  const bool ends = transfer.chunked || Info<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T) >= 0 ||
                    request.method == "HEAD" || answer.status == 204;
  if (!ends && answer.status / 100 == 2) {
    return Unavailable(host.name +
                       ": an answer that neither says its length nor marks its end: it may be cut");
  }
  if (const char* type = Info<const char*>(CURLINFO_CONTENT_TYPE)) {
    answer.content_type = MediaType(type);
  }
  const auto wait = Info<curl_off_t>(CURLINFO_RETRY_AFTER);  // Of a date, too; 0: none.
  if (wait != 0) answer.retry_after = std::chrono::seconds(std::max<curl_off_t>(wait, 0));
  return answer;
}

Result<HttpAnswer> CurlHttpClient::Send(const HttpRequest& request, HttpBody* body) {
  body->size = 0;
  if (body->buffer.size() < kBodyPadding) body->buffer.resize(kBodyPadding);
  TYMBAL_RETURN_IF_ERROR(CheckRequest(request));
  const size_t index = cluster_->ring.Next(std::chrono::steady_clock::now());
  const SearchHost& host = cluster_->options.target.hosts[index];
  if (IsSet(request.cancel)) return Unavailable(host.name + ": the request was cancelled");
  if (request.deadline.count() <= 0) return Unavailable(host.name + ": no time left to ask it");

  Transfer transfer{
      .easy = easy_, .sockets = sockets_, .body = body, .body_bytes_max = request.body_bytes_max};
  transfer.own_ids = cluster_->options.target.opaque_id + "/";
  transfer.opaque_id =
      fmt::format("{}{}{}{}", transfer.own_ids, request.opaque_id,
                  request.opaque_id.empty() ? "" : "/", ++cluster_->requests % kOpaqueNumbers);
  HeaderList headers;
  AddHeaders(request, transfer.opaque_id, &headers);
  SetRequest(request, host, &transfer);
  Set(CURLOPT_HTTPHEADER, headers.get());
  const std::optional<CURLcode> code = Run(request.cancel);
  Set<curl_slist*>(CURLOPT_HTTPHEADER, nullptr);

  Result<HttpAnswer> result = [&]() -> Result<HttpAnswer> {
    if (!code.has_value()) return Unavailable(host.name + ": the request was cancelled");
    if (!transfer.stopped.ok()) return transfer.stopped.WithContext(host.name);
    if (*code == CURLE_FILESIZE_EXCEEDED) {
      return TooLong(request.body_bytes_max).WithContext(host.name);
    }
    if (*code == CURLE_OK) return Answer(request, host, transfer);
    return CurlError({.code = *code,
                      .detail = error_.data(),
                      .target = cluster_->options.target,
                      .host = host,
                      .deadline = request.deadline});
  }();
  if (result.has_value()) {
    cluster_->ring.Answered(index);
  } else {
    body->size = 0;  // A part of an answer must not look like one.
    const bool unreachable = code.has_value() && result.error().code() == StatusCode::kUnavailable;
    if (unreachable) cluster_->ring.Failed(index, std::chrono::steady_clock::now());
  }
  return result;
}

}  // namespace

HttpClientFactory MakeCurlHttpFactory(CurlHttpOptions options) {
  return [cluster = std::make_shared<Cluster>(std::move(options))] {
    return std::make_unique<CurlHttpClient>(cluster);
  };
}

}  // namespace tymbal::search
